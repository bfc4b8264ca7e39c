// Says which files the processes of an installed package load: preloaded by NODE_OPTIONS, so also in processes that they start.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const LOG = 'FOLEYD_TEST_LOADED';

/** @typedef {{pid: number, script: string, options: string[], files: string[]}} Loaded */

/** @param {string} folder @returns {NodeJS.ProcessEnv} environment of the processes that are to be traced */
export function traced(folder) {
  return { NODE_OPTIONS: `--import ${import.meta.url}`, [LOG]: path.join(folder, 'loaded.jsonl') };
}

/** What the traced processes have loaded so far, or, of modules of CommonJS, once they have ended. @param {string} folder @returns {Loaded[]} */
export function loadedIn(folder) {
  /** @type {Map<number, Loaded>} */
  const found = new Map();
  for (const line of readFileSync(path.join(folder, 'loaded.jsonl'), 'utf8').trim().split('\n')) {
    const { pid, script, options, files } = JSON.parse(line);
    /** @type {Loaded} */
    const known = found.get(pid) ?? { pid, script, options, files: [] };
    found.set(pid, known);
    known.files.push(...files);
    known.options.push(...options.filter((/** @type {string} */ one) => !known.options.includes(one)));
  }
  return [...found.values()];
}

const file = process.env[LOG];
if (file !== undefined && existsSync(path.dirname(file))) {
  /** @param {string[]} files */
  const add = (files) => {
    const line = { pid: process.pid, script: process.argv[1] ?? '', options: process.execArgv, files };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  add([]);
  const hooks = `
    import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) {
      const files = url.startsWith('node:') ? [] : [url];
      appendFileSync(${JSON.stringify(file)}, JSON.stringify({ pid: process.pid, script: '', options: [], files }) + '\\n');
      return next(url, context);
    }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
  // require() asks no hook.
  process.on('exit', () =>
    add(Object.keys(createRequire(import.meta.url).cache).map((one) => pathToFileURL(one).href)),
  );
}
