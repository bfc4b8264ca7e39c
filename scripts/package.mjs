// `npm run package`: builds what other people install into build/packages, with bills of materials and checksums.
// `-- --check` then installs all of it in empty folders, and uses it there; `-- --url URL` says in which folder of a web
// server the release will be, for the index of ReaPack.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT, ready, runQuietly } from './bootstrap.mjs';
import { layOutClient } from './package/client.mjs';
import { buildDawPackages } from './package/daw.mjs';
import { buildDebian } from './package/debian.mjs';
import { installed, notAsLocked, pack } from './package/npm.mjs';
import { buildPluginPackages } from './package/plugins.mjs';
import { buildWheels, useWheels } from './package/python.mjs';
import { billOfMaterials, writeChecksums } from './package/release.mjs';
import { layOutServer } from './package/server.mjs';
import { compileClient, startServer, useClient, useServer, versionOf } from './package/smoke.mjs';

const OUT = path.join(ROOT, 'build', 'packages');

/** @param {string} file */
const said = (file) => console.log(`${path.relative(ROOT, file)}: ${Math.ceil(statSync(file).size / 1024)} KiB`);

/**
 * @param {string} name
 * @param {(folder: string) => Promise<Record<string, string>>} layOut
 * @param {(folder: string) => Promise<void>} [more] what else is made of what is laid out
 */
async function build(name, layOut, more = async () => {}) {
  const folder = path.join(OUT, name);
  const within = await layOut(folder);
  const file = await pack(folder);
  await more(folder);
  writeFileSync(file.replace(/\.tgz$/, '.cdx.json'), await billOfMaterials(folder, within));
  rmSync(folder, { recursive: true });
  said(file);
  return file;
}

/** @type {string | undefined} */
let debian;

/** @param {string} folder */
async function forDebian(folder) {
  const built = await buildDebian(folder);
  if ('why' in built) console.log(`no Debian package: ${built.why}`);
  else {
    debian = built.file;
    said(debian);
  }
}

/** What Debian's own checker says of it, where that is installed. @param {string} file */
async function checkPolicy(file) {
  if ((await runQuietly('lintian', ['--version'])).code !== 0) return console.log('lintian is not installed');
  const { code, output } = await runQuietly('lintian', ['--fail-on', 'error,warning', file]);
  if (code !== 0) throw new Error(`lintian (${code}):\n${output}`);
  console.log('lintian: neither errors nor warnings');
}

/** Unpacked where no root is needed, and used there. @param {string} file */
async function checkDebian(file) {
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-debian-'));
  try {
    const { code, output } = await runQuietly('dpkg-deb', ['-x', file, folder]);
    if (code !== 0) throw new Error(`dpkg-deb failed (${code}): ${output}`);
    const server = await startServer(folder, 'default', [path.join(folder, 'usr', 'bin', 'foleyd')]);
    const { page, wav } = await useServer(server.url);
    const left = await server.stop();
    if (page !== 200 || left !== 0) throw new Error(`the page answers ${page}, the server left with ${left}`);
    console.log(`Debian package, unpacked: a page, a clip of ${wav.length} bytes`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function wheels() {
  const built = await buildWheels(OUT);
  if ('why' in built) {
    console.error(`foleyd: no Python wheels: ${built.why}`);
    process.exitCode = 1;
    return [];
  }
  for (const file of built) said(file);
  return built;
}

function forDaws() {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  for (const file of buildDawPackages(OUT, { version, url: publishedAt() })) said(file);
  const plugins = buildPluginPackages(OUT, version);
  for (const file of plugins) said(file);
  if (plugins.length === 0) console.log('no plugin: `npm run plugin` builds it first');
}

/** @returns {string | undefined} with / at its end */
function publishedAt() {
  const asked = process.argv.indexOf('--url');
  if (asked < 0) return undefined;
  const given = process.argv[asked + 1] ?? '';
  if (!/^https?:\/\/[^/?#]+[^?#]*$/.test(given)) {
    console.error(`foleyd: --url: expected the http or https address of a folder, not "${given}"`);
    process.exit(2);
  }
  return given.replace(/\/*$/, '/');
}

/** @param {string[]} tarballs */
async function check(tarballs) {
  const { devDependencies, dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const folder = await installed([
    ...tarballs,
    `ws@${dependencies.ws}`,
    `@types/node@${devDependencies['@types/node']}`,
  ]);
  const strays = notAsLocked(folder, 'foleyd');
  if (strays.length > 0) throw new Error(`npm installed versions that were not tested: ${strays.join('; ')}`);
  const server = await startServer(folder);
  try {
    const { page, script, wav } = await useServer(server.url);
    if (page !== 200 || script !== 200) throw new Error(`the page answers ${page}, its script ${script}`);
    const heard = await useClient(folder, server.url);
    console.log(`foleyd ${await versionOf(folder)}, installed: a page, a clip of ${wav.length} bytes`);
    console.log(`@foleyd/client, installed: ${heard.samples} samples at ${heard.rate} Hz`);
    await compileClient(folder);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

publishedAt();
await ready({ dev: true });
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const tarballs = [await build('foleyd', layOutServer, forDebian), await build('client', layOutClient)];
const ofPython = await wheels();
forDaws();
writeChecksums(OUT);
if (process.argv.includes('--check')) {
  await check(tarballs);
  if (debian !== undefined) {
    await checkPolicy(debian);
    await checkDebian(debian);
  }
  if (ofPython.length > 0) console.log(`Python wheels ${await useWheels(ofPython)}, installed`);
}
