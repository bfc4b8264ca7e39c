// Markdown in a package: what its links lead to is in the package, or they are links no more.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A link or picture of Markdown: its text and where it leads. */
const LINK = /!?\[([^\]]*)\]\(([^)\s]+)\)/g;
/** To another place than a file: an address, or a part of the same page. */
const ELSEWHERE = /^(?:[a-z]+:|#)/;

/** Links of a page to files that are not there. @param {string} file @returns {string[]} as they are written */
export function deadLinks(file) {
  const links = [...readFileSync(file, 'utf8').matchAll(LINK)].map(([, , to = '']) => to);
  return links.filter((to) => leadsNowhere(file, to));
}

/** Our own pages in a folder. @param {string} folder @returns {string[]} */
export function pagesOf(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.split(path.sep).includes('node_modules'))
    .map((name) => path.join(folder, name));
}

/** Leaves of each dead link in a folder's pages its text, and says where the rest is. @param {string} folder */
export function cutDeadLinks(folder) {
  for (const file of pagesOf(folder)) {
    if (deadLinks(file).length === 0) continue;
    const text = readFileSync(file, 'utf8').replace(LINK, (link, label, to) => (leadsNowhere(file, to) ? label : link));
    writeFileSync(
      file,
      `${text.trimEnd()}\n\nFiles that are named here and not in this package are in the repository of foleyd.\n`,
    );
  }
}

/** @param {string} file @param {string} to */
function leadsNowhere(file, to) {
  const [target = ''] = to.split('#');
  return !ELSEWHERE.test(to) && !existsSync(path.join(path.dirname(file), decodeURI(target)));
}
