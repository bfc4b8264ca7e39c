// npm as a program: packing, and installing what was packed.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { npm as howToStart, ROOT, runQuietly } from '../bootstrap.mjs';

/** @param {string[]} args @param {string} cwd @returns {Promise<string>} what it said */
export async function npm(args, cwd) {
  const { file, args: first, shell } = howToStart();
  const { code, output } = await runQuietly(file, [...first, ...args], { cwd, shell });
  if (code !== 0) throw new Error(`npm ${args[0]} failed (${code}):\n${output}`);
  return output;
}

/** Packs a folder that is laid out as a package. @param {string} folder @returns {Promise<string>} the tarball, beside the folder */
export async function pack(folder) {
  await npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', path.dirname(folder)], folder);
  const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(path.dirname(folder), `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

/**
 * An empty folder into which npm installs tarballs, with what they depend on.
 * @param {string[]} tarballs
 * @returns {Promise<string>}
 */
export async function installed(tarballs) {
  const folder = emptyFolder();
  // Without install scripts: onnxruntime-node's would download CUDA libraries.
  await npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], folder);
  return folder;
}

/**
 * What npm installed in another version than the package's own lock names, or not at all: that is not what was tested.
 * @param {string} folder where it was installed
 * @param {string} name of the package
 * @returns {string[]}
 */
export function notAsLocked(folder, name) {
  const place = path.join(folder, 'node_modules', name);
  const { packages } = JSON.parse(readFileSync(path.join(place, 'npm-shrinkwrap.json'), 'utf8'));
  return Object.entries(packages).flatMap(([where, { version, optional = false }]) => {
    // Those that may be missing do what others do as well, sooner.
    if (where === '' || optional) return [];
    const [manifest] = [place, folder].map((one) => path.join(one, where, 'package.json')).filter(existsSync);
    const found = manifest === undefined ? 'missing' : JSON.parse(readFileSync(manifest, 'utf8')).version;
    return found === version ? [] : [`${where}: ${found}, not ${version}`];
  });
}

/**
 * The same without npm and its registry, in a second: tarballs are unpacked, and each package that they name is linked
 * to ours. What they do not name is not found.
 * @param {string[]} tarballs
 * @param {string[]} [others] packages that are installed beside them
 * @returns {Promise<string>}
 */
export async function unpacked(tarballs, others = []) {
  const folder = emptyFolder();
  const modules = path.join(folder, 'node_modules');
  for (const one of others) link(path.join(ROOT, 'node_modules', one), path.join(modules, one));
  for (const tarball of tarballs) {
    const parts = path.join(folder, path.basename(tarball, '.tgz'));
    mkdirSync(parts);
    const { code, output } = await runQuietly('tar', ['-xzf', tarball, '-C', parts]);
    if (code !== 0) throw new Error(`tar failed (${code}): ${output}`);
    const { name, dependencies } = JSON.parse(readFileSync(path.join(parts, 'package', 'package.json'), 'utf8'));
    link(path.join(parts, 'package'), path.join(modules, name));
    const inside = path.join(parts, 'package', 'node_modules');
    for (const one of Object.keys(dependencies ?? {}))
      link(path.join(ROOT, 'node_modules', one), path.join(inside, one));
  }
  return folder;
}

function emptyFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-package-'));
  writeFileSync(path.join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  return folder;
}

/** @param {string} target @param {string} at */
function link(target, at) {
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(target, at, 'junction');
}
