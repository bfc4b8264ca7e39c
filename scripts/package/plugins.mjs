// The plugin of examples/plugin as `npm run plugin` built it here: each bundle zipped as the file or folder that hosts look for.
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT } from '../bootstrap.mjs';
import { zipFolder } from './zip.mjs';

const BUILT = path.join(ROOT, 'build', 'plugin', 'bin');

/**
 * Zips the bundles into a folder.
 * @param {string} out
 * @param {string} version
 * @param {string} [bundles] where they are
 * @returns {string[]} the files; none where no plugin was built
 */
export function buildPluginPackages(out, version, bundles = BUILT) {
  const names = existsSync(bundles) ? readdirSync(bundles).filter((name) => /\.(clap|lv2|vst3)$/.test(name)) : [];
  return names.map((name) => {
    const place = mkdtempSync(path.join(tmpdir(), 'foleyd-plugin-'));
    const format = path.extname(name).slice(1);
    const file = path.join(out, `foleyd-bridge-${version}-${process.platform}-${process.arch}-${format}.zip`);
    try {
      cpSync(path.join(bundles, name), path.join(place, name), { recursive: true });
      for (const file of ['LICENSE', 'examples/plugin/README.md', 'examples/plugin/picture.svg'])
        cpSync(path.join(ROOT, file), path.join(place, path.basename(file)));
      zipFolder(place, file);
    } finally {
      rmSync(place, { recursive: true });
    }
    return file;
  });
}
