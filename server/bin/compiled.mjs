// The command's code as JavaScript, bundled once and kept until a source changes: reading TypeScript through tsx at each
// start costs a second of processor time. Without a place to keep it, or without esbuild, the caller uses tsx.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where npm packages keep caches; removed with them, and by `npm ci`. */
const CACHES = path.join(ROOT, 'node_modules', '.cache', 'foleyd');
/** What is started as a process or thread of its own, by server/util/program.ts. */
export const PROGRAMS = [
  'server/cli/doctor/probe.ts',
  'server/cli/player.ts',
  'server/delivery/render-worker.ts',
  'server/engine/inference/render-worker.ts',
  'server/engine/onnx/try-provider.ts',
  'server/engine/process/checker-child.ts',
  'server/engine/process/child.ts',
  'server/engine/process/encoder-child.ts',
  'server/evaluation/embedder-process.ts',
  'server/playback/devices-child.ts',
  'server/playback/resample-thread.ts',
  'server/playback/thread.ts',
];
/**
 * Small packages in plain JavaScript that every start needs, one of which little is needed, and those of NATS, which where
 * npm installs them bring a part that is not for Node 20 (`overrides` of package.json hold only in a clone); all others are
 * loaded from node_modules when used.
 */
export const BUNDLED = new Set([
  ...['fast-check', 'zod', 'commander', 'ws', '@msgpack/msgpack', 'osc-min'],
  '@modelcontextprotocol/sdk',
  ...['@nats-io/jetstream', '@nats-io/kv', '@nats-io/obj', '@nats-io/transport-node'],
]);
/** What `import.meta.url` becomes. */
const ADDRESS = '__foleydAddress';
/** Of the npm package: the folder of its compiled code, below its root. In the repository there is none. */
export const SHIPPED = 'dist';
/** In a bundle that may be moved: the address of the folder above `dist`, as a URL, and `dist` as a path. */
const PLACE = { root: '__foleydRoot', bundle: '__foleydBundle' };
/** Older bundles are removed: a server that still runs from one loads parts of it later. */
const KEPT_MS = 24 * 3_600_000;

/**
 * The bundle of a source file below the repository, as the address of a module, or null where none can be made.
 * @param {string} entry as server/cli/index.ts
 */
export async function compiled(entry) {
  const shipped = path.join(ROOT, SHIPPED, entry.replace(/\.ts$/, '.js'));
  if (existsSync(shipped)) return pathToFileURL(shipped).href;
  try {
    const folder = path.join(CACHES, createHash('sha256').update(`${ROOT} ${entry}`).digest('hex').slice(0, 16));
    const manifest = readManifest(folder) ?? (await build(entry, folder));
    return pathToFileURL(path.join(folder, manifest.name, entry.replace(/\.ts$/, '.js'))).href;
  } catch {
    return null;
  }
}

/** @typedef {{name: string, node: string, inputs: [file: string, mark: string][]}} Manifest */

/** Null where there is none, or a source or a package has changed since. @param {string} folder @returns {Manifest | null} */
function readManifest(folder) {
  try {
    /** @type {Manifest} */
    const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    if (manifest.node !== process.version) return null;
    return manifest.inputs.every(([file, mark]) => markOf(file) === mark) ? manifest : null;
  } catch {
    return null;
  }
}

/** What changes when a file does. @param {string} file below the root */
function markOf(file) {
  const { size, mtimeMs } = statSync(path.join(ROOT, file));
  return `${size} ${mtimeMs}`;
}

/** @param {string} entry @param {string} folder @returns {Promise<Manifest>} */
async function build(entry, folder) {
  mkdirSync(folder, { recursive: true });
  const name = `${Date.now().toString(36)}-${process.pid}`;
  const files = Object.keys((await bundle([entry, ...PROGRAMS], path.join(folder, name))).inputs);
  const sources = files.filter((file) => !file.startsWith('node_modules') && !file.startsWith('..'));
  const inputs = [...sources, path.join('node_modules', '.package-lock.json')].map(
    /** @returns {[string, string]} */ (file) => [file, markOf(file)],
  );
  const manifest = { name, node: process.version, inputs };
  const part = path.join(folder, `${name}.json`);
  writeFileSync(part, JSON.stringify(manifest));
  renameSync(part, path.join(folder, 'manifest.json'));
  removeOld(folder, name);
  return manifest;
}

/**
 * Compiles sources, and all that they import, into a folder that is laid out as the repository is.
 * @param {string[]} entries below the root; those that are not there are left out
 * @param {string} outdir below node_modules, so that packages are found; of a movable bundle, a folder named `dist`
 * @param {{sourcemap?: boolean, movable?: boolean}} [options] movable: sources are looked for beside `dist`, wherever it lies
 * @returns {Promise<import('esbuild').Metafile>} what was read, and what each output imports
 */
export async function bundle(entries, outdir, { sourcemap = false, movable = false } = {}) {
  const esbuild = await import('esbuild');
  const { metafile } = await esbuild.build({
    entryPoints: [...new Set(entries.map((entry) => path.join(ROOT, entry)))].filter((file) => existsSync(file)),
    outbase: ROOT,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    metafile: true,
    sourcemap: sourcemap && 'linked',
    absWorkingDir: ROOT,
    logLevel: 'silent',
    tsconfig: path.join(ROOT, 'tsconfig.json'),
    // Each source still knows where it lies: files beside it are found from there (see `addresses`).
    define: { 'import.meta.url': ADDRESS, FOLEYD_BUNDLE: movable ? PLACE.bundle : JSON.stringify(outdir) },
    // Packages in CommonJS ask for Node's own modules by `require`.
    banner: {
      js: `import { createRequire as __foleydRequire } from 'node:module'; const require = __foleydRequire(import.meta.url);${movable ? place() : ''}`,
    },
    plugins: [packages, addresses(movable)],
  });
  return metafile;
}

/** @param {string} folder @param {string} current */
function removeOld(folder, current) {
  for (const name of readdirSync(folder)) {
    const place = path.join(folder, name);
    if (name === current || name === 'manifest.json' || Date.now() - statSync(place).mtimeMs < KEPT_MS) continue;
    rmSync(place, { recursive: true, force: true });
  }
}

/** @type {import('esbuild').Plugin} */
const packages = {
  name: 'packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path: specifier, kind, importer }) => {
      if (kind === 'entry-point' || path.isAbsolute(specifier) || importer.includes('node_modules')) return null;
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      return BUNDLED.has(name) ? null : { path: specifier, external: true };
    });
  },
};

/** Gives each source that asks for it its own address. @param {boolean} movable @returns {import('esbuild').Plugin} */
const addresses = (movable) => ({
  name: 'addresses',
  setup(build) {
    build.onLoad({ filter: /\.(ts|mjs)$/ }, ({ path: file }) => {
      if (file.includes(`${path.sep}node_modules${path.sep}`)) return null;
      const text = readFileSync(file, 'utf8');
      if (!text.includes('import.meta.url')) return null;
      const below = path.relative(ROOT, file).split(path.sep).join('/');
      const address = movable
        ? `new URL(${JSON.stringify(below)}, ${PLACE.root}).href`
        : JSON.stringify(pathToFileURL(file).href);
      const contents = `var ${ADDRESS} = ${address};${text.replace(/^#!/, '//')}`;
      return { contents, loader: file.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
});

/** The code that finds `PLACE` from any file of a movable bundle. */
function place() {
  const { root, bundle } = PLACE;
  return [
    `const ${root} = import.meta.url.slice(0, import.meta.url.lastIndexOf('/${SHIPPED}/') + 1);`,
    `const ${bundle} = require('node:url').fileURLToPath(${root} + '${SHIPPED}');`,
  ].join(' ');
}
