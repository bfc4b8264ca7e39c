// Third-party packages of a bundle: those that are installed beside it, and those whose code it contains.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { ROOT } from '../bootstrap.mjs';

/** @typedef {import('esbuild').Metafile} Metafile */
/** @typedef {{version?: string, optional?: boolean, dependencies?: Record<string, string>, optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string>, peerDependenciesMeta?: Record<string, {optional?: boolean}>}} Locked */

/** @param {string} specifier as `@scope/name/file` */
const nameOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Packages that our own code in the outputs imports, sorted. @param {Metafile} meta */
export function importedPackages(meta) {
  const used = Object.values(meta.outputs).flatMap((output) => Object.keys(output.inputs));
  const imports = [...new Set(used)]
    .filter((file) => !file.includes('node_modules/'))
    .flatMap((file) => meta.inputs[file]?.imports ?? []);
  const outside = imports.filter((one) => one.external && !one.path.startsWith('node:')).map((one) => nameOf(one.path));
  return [...new Set(outside)].filter((name) => !builtinModules.includes(name)).sort();
}

/** Folders of packages whose code is in the outputs, sorted, below the root. @param {Metafile} meta */
export function bundledPackages(meta) {
  const used = Object.values(meta.outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = used.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

/** Versions of packages in folders below the root, as a manifest names them. @param {readonly string[]} folders @returns {Record<string, string>} */
export function versionsOf(folders) {
  const manifests = folders.map((folder) => JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8')));
  return Object.fromEntries(manifests.map(({ name, version }) => [name, version]));
}

/** The licence texts of packages, as Markdown. @param {readonly string[]} folders below the root */
export function licencesOf(folders) {
  const parts = folders.map((folder) => {
    const at = path.join(ROOT, folder);
    const { name, version, license } = JSON.parse(readFileSync(path.join(at, 'package.json'), 'utf8'));
    const file = readdirSync(at).find((one) => /^(licen[cs]e|copying)/i.test(one));
    if (file === undefined) throw new Error(`${name} ${version} has no file with its licence (${license})`);
    return `## ${name} ${version} (${license})\n\n${readFileSync(path.join(at, file), 'utf8').trim()}\n`;
  });
  return `# Software of others in the compiled code\n\n${parts.join('\n')}`;
}

/**
 * The part of our lock that a package needs: whoever installs it gets the versions that were tested.
 * @param {{name: string, version: string, license: string, dependencies: Record<string, string>}} manifest
 */
export function lockFor({ name, version, license, dependencies }) {
  /** @type {{packages: Record<string, Locked>}} */
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
  /** @type {Record<string, Locked>} */
  const kept = {};
  const waiting = Object.keys(dependencies).map((one) => ({ from: '', one, optional: false }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { from, one, optional } = next;
    const where = placeOf(packages, from, one);
    if (where === null) {
      if (optional) continue;
      throw new Error(`package-lock.json has no ${one}, which ${from || name} needs`);
    }
    if (kept[where] !== undefined) continue;
    const found = /** @type {Locked} */ (packages[where]);
    kept[where] = found;
    for (const [wanted, canLack] of wishes(found)) waiting.push({ from: where, one: wanted, optional: canLack });
  }
  const sorted = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
  const root = { name, version, license, dependencies };
  return `${JSON.stringify({ name, version, lockfileVersion: 3, requires: true, packages: { '': root, ...sorted } }, null, 2)}\n`;
}

/**
 * Every package of a lock in the version that it names. npm heeds a package's own lock only where that comes from a
 * registry, not from a file: what a package needs of others is pinned where npm always looks.
 * @param {string} lock as lockFor makes it
 * @returns {Record<string, string>} dependencies of a manifest
 */
export function pinned(lock) {
  /** @type {{packages: Record<string, Locked>}} */
  const { packages } = JSON.parse(lock);
  const pins = Object.entries(packages).flatMap(([where, { version = '', optional = false }]) => {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(where) ?? [];
    return name === undefined || optional ? [] : [[name, version]];
  });
  return Object.fromEntries(pins);
}

/** @param {Locked} locked @returns {[name: string, optional: boolean][]} */
function wishes({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  return [
    ...Object.keys(dependencies).map((one) => /** @type {[string, boolean]} */ ([one, false])),
    ...Object.keys(optionalDependencies).map((one) => /** @type {[string, boolean]} */ ([one, true])),
    ...Object.keys(peerDependencies).map(
      (one) => /** @type {[string, boolean]} */ ([one, peerDependenciesMeta[one]?.optional === true]),
    ),
  ];
}

/** Where Node finds a package from inside another one. @param {Record<string, Locked>} packages @param {string} from @param {string} name */
function placeOf(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const where = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[where] !== undefined) return where;
    if (at === '') return null;
  }
}
