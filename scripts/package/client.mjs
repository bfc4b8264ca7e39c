// The npm package `@foleyd/client`: the typed client of protocol/ in one file for browsers and Node, and its types.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ROOT, runQuietly } from '../bootstrap.mjs';
import { bundledPackages, licencesOf, versionsOf } from './third-party.mjs';

const ENTRY = path.join(ROOT, 'protocol', 'client-index.ts');

/**
 * Lays the package out in a folder, which is made anew.
 * @param {string} folder
 * @param {{types?: boolean}} [options] types: false where half a minute is too long
 * @returns {Promise<Record<string, string>>} versions of the packages whose code is within
 */
export async function layOutClient(folder, { types = true } = {}) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: [ENTRY],
    outfile: path.join(folder, 'index.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    absWorkingDir: ROOT,
    logLevel: 'silent',
  });
  if (types) await declare(folder);
  cpSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  cpSync(path.join(ROOT, 'scripts', 'package', 'client.md'), path.join(folder, 'README.md'));
  writeFileSync(path.join(folder, 'THIRD-PARTY.md'), licencesOf(bundledPackages(metafile)));
  const { version, license, engines, dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const manifest = {
    name: '@foleyd/client',
    version,
    description: 'Asks a foleyd server for Foley, from a browser or Node.',
    license,
    type: 'module',
    engines,
    sideEffects: false,
    exports: { '.': { types: './types/client-index.d.ts', default: './index.js' } },
    types: './types/client-index.d.ts',
    // Only its types are used, by ours.
    dependencies: { zod: dependencies.zod },
  };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return versionsOf(bundledPackages(metafile));
}

/** Writes the types that the entry needs, and those that they need. @param {string} folder */
async function declare(folder) {
  const types = path.join(folder, 'types');
  const config = path.join(folder, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: types,
    rootDir: path.join(ROOT, 'protocol'),
    typeRoots: [path.join(ROOT, 'node_modules', '@types')],
  };
  const options = { extends: path.join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files: [ENTRY] };
  writeFileSync(config, JSON.stringify(options));
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await runQuietly(process.execPath, [tsc, '-p', config]);
  rmSync(config);
  if (code !== 0) throw new Error(`tsc failed (${code}):\n${output}`);
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = path.join(types, name);
    // tsc leaves the names of the sources in what it declares.
    const text = readFileSync(file, 'utf8').replace(/((?:from |import\()["']\.{1,2}\/[^"']*)\.ts(["'])/g, '$1.js$2');
    writeFileSync(file, text);
  }
}
