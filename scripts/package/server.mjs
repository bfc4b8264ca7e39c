// The npm package `foleyd`: the command compiled to JavaScript, its console, the default voice, and the trainer's Python
// sources, which `foleyd retrain` runs. No tests, no TypeScript, no loader.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundle, PROGRAMS, SHIPPED } from '../../server/bin/compiled.mjs';
import { ROOT } from '../bootstrap.mjs';
import { BUILT, buildConsole, isStale } from '../console.mjs';
import { cutDeadLinks } from './documents.mjs';
import { bundledPackages, importedPackages, licencesOf, lockFor, pinned, versionsOf } from './third-party.mjs';

/** Taken as they are. The graph among the fixtures is what `foleyd doctor` tries providers with. */
const FILES = [
  ...['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/default-voice.md', 'docs/console.md'],
  ...['docs/console', 'server/cli/picture.png', 'examples/sounds', 'server/delivery/README.md'],
  ...['server/farm/README.md', 'server/farm/deploy', 'server/bin/foleyd.mjs', 'server/bin/compiled.mjs'],
  ...['protocol/PROTOCOL.md', 'models/scores.jsonl', 'models/fixtures/tiny/vocoder.onnx'],
  ...['models/trainer/foley_trainer', 'models/trainer/README.md'],
  ...['models/trainer/pyproject.toml', 'models/trainer/requirements.txt'],
];

/**
 * Lays the package out in a folder, which is made anew.
 * @param {string} folder
 * @param {{voice?: string}} [options] voice: the folder of the voice within, below the root
 * @returns {Promise<Record<string, string>>} versions of the packages whose code is within
 */
export async function layOutServer(folder, { voice = 'models/default' } = {}) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const meta = await bundle(['server/cli/index.ts', ...PROGRAMS], path.join(folder, SHIPPED), { movable: true });
  const page = path.join(folder, 'build', 'console');
  if (isStale(ROOT, BUILT)) await buildConsole(page);
  else cpSync(BUILT, page, { recursive: true });
  /** @param {string} from @param {string} [to] */
  const take = (from, to = from) =>
    cpSync(path.join(ROOT, from), path.join(folder, to), {
      recursive: true,
      filter: (name) => !/__pycache__|\.pyc$/.test(name),
    });
  for (const file of FILES) take(file);
  cutDeadLinks(folder);
  take(voice, path.join('models', path.basename(voice)));
  const { name, version, description, license, type, engines, bin, dependencies } = JSON.parse(
    readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const wanted = importedPackages(meta).map((one) => [one, dependencies[one]]);
  const unpinned = wanted.filter(([, wish]) => wish === undefined).map(([one]) => one);
  if (unpinned.length > 0) throw new Error(`package.json names no version of ${unpinned.join(', ')}`);
  const manifest = {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin,
    keywords: ['foley', 'sound', 'audio', 'osc', 'midi', 'synthesis', 'onnx'],
    dependencies: Object.fromEntries(wanted),
  };
  manifest.dependencies = { ...pinned(lockFor(manifest)), ...manifest.dependencies };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(path.join(folder, 'npm-shrinkwrap.json'), lockFor(manifest));
  const ofPage = readFileSync(path.join(page, 'licenses.md'), 'utf8');
  writeFileSync(path.join(folder, 'THIRD-PARTY.md'), `${licencesOf(bundledPackages(meta))}\n${ofPage}`);
  const inPage = [...ofPage.matchAll(/^## (\S+) - (\S+) \(/gm)].map(([, one = '', its = '']) => [one, its]);
  return { ...versionsOf(bundledPackages(meta)), ...Object.fromEntries(inPage) };
}
