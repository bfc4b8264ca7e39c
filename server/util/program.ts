import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/** The folder of the bundle that this is part of, put in by bin/compiled.mjs. It is laid out like the repository. */
declare const FOLEYD_BUNDLE: string;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What lets a process run TypeScript, for `--import`. Found when this is loaded: with no descriptors left it could not
 * be. The npm package has no TypeScript, and no tsx.
 */
const loader = findLoader();

/** How a source file of ours is started as a process of its own: as it is compiled, where it is, else through tsx. */
export function program(source: URL): { file: string; execArgv: string[] } {
  const file = compiledFile(source);
  if (file !== null) return { file, execArgv: [] };
  return { file: fileURLToPath(source), execArgv: loader === null ? [] : ['--import', loader] };
}

/** Starts a source file of ours as a thread. */
export function startThread(source: URL, data: object = {}): Worker {
  const file = compiledFile(source);
  if (file !== null) return new Worker(file, { workerData: data, execArgv: [] });
  const workerData = { ...data, entry: source.href };
  return new Worker(new URL('./ts-thread.mjs', import.meta.url), { workerData, execArgv: [] });
}

function findLoader(): string | null {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  } catch {
    return null;
  }
}

function compiledFile(source: URL): string | null {
  if (typeof FOLEYD_BUNDLE === 'undefined') return null;
  const file = path.join(FOLEYD_BUNDLE, path.relative(ROOT, fileURLToPath(source)).replace(/\.ts$/, '.js'));
  // A server that runs for days outlives its bundle.
  return existsSync(file) ? file : null;
}
