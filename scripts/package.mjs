// `npm run package`: builds what other people install into build/packages. `-- --check` installs each package with npm in
// an empty folder, and uses it there.
import { mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ROOT, ready } from './bootstrap.mjs';
import { installed, pack } from './package/npm.mjs';
import { layOutServer } from './package/server.mjs';
import { smokeServer } from './package/smoke.mjs';

const OUT = path.join(ROOT, 'build', 'packages');

/** @param {string} file */
const said = (file) => console.log(`${path.relative(ROOT, file)}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`);

await ready({ dev: true });
mkdirSync(OUT, { recursive: true });
const server = path.join(OUT, 'foleyd');
await layOutServer(server);
const tarball = await pack(server);
said(tarball);
if (process.argv.includes('--check')) {
  const folder = await installed([tarball]);
  const { version, page, script, wav } = await smokeServer(folder);
  rmSync(folder, { recursive: true });
  if (page !== 200 || script !== 200 || wav.length < 44)
    throw new Error(`foleyd ${version}, installed, has no page or no clip`);
  console.log(`foleyd ${version}, installed in an empty folder: page ${page}, a clip of ${wav.length} bytes`);
}
