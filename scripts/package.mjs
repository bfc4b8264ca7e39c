// `npm run package`: builds what other people install into build/packages. `-- --check` installs the packages with npm in
// an empty folder, and uses them there.
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ROOT, ready } from './bootstrap.mjs';
import { layOutClient } from './package/client.mjs';
import { installed, pack } from './package/npm.mjs';
import { layOutServer } from './package/server.mjs';
import { compileClient, startServer, useClient, useServer, versionOf } from './package/smoke.mjs';

const OUT = path.join(ROOT, 'build', 'packages');

/** @param {string} name @param {(folder: string) => Promise<void>} layOut */
async function build(name, layOut) {
  const folder = path.join(OUT, name);
  await layOut(folder);
  const file = await pack(folder);
  console.log(`${path.relative(ROOT, file)}: ${(statSync(file).size / 2 ** 20).toFixed(2)} MiB`);
  return file;
}

/** @param {string[]} tarballs */
async function check(tarballs) {
  const { devDependencies, dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const folder = await installed([
    ...tarballs,
    `ws@${dependencies.ws}`,
    `@types/node@${devDependencies['@types/node']}`,
  ]);
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

await ready({ dev: true });
mkdirSync(OUT, { recursive: true });
const tarballs = [await build('foleyd', layOutServer), await build('client', layOutClient)];
if (process.argv.includes('--check')) await check(tarballs);
