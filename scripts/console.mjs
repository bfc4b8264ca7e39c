// Builds the browser console into build/console. `npm start` calls it when a source is newer than what was built.
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, withProgress } from './bootstrap.mjs';

/** Where the server looks for it. */
export const BUILT = path.join(ROOT, 'build', 'console');
/** What the page is made of. */
const SOURCES = ['server/console', 'protocol', 'server/engine/dsp', 'package-lock.json'];

/** Modification time of the newest file, in milliseconds. @param {string} at @returns {number} */
function newest(at) {
  const found = statSync(at, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return readdirSync(at, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || /\.(ts|svelte|css|html|svg|json)$/.test(entry.name))
    .reduce((latest, entry) => Math.max(latest, newest(path.join(at, entry.name))), 0);
}

/** Whether the page that was built is older than what it is made of, or not there. @param {string} root @param {string} built */
export function isStale(root, built) {
  const index = statSync(path.join(built, 'index.html'), { throwIfNoEntry: false });
  return index === undefined || SOURCES.some((source) => newest(path.join(root, source)) > index.mtimeMs);
}

/** Builds the page into a folder. Rejects with what Vite says. @param {string} built */
export async function buildConsole(built) {
  const { build } = await import('vite');
  const configFile = path.join(ROOT, 'server', 'console', 'vite.config.ts');
  const began = new Date();
  await build({ configFile, build: { outDir: built } });
  // A source that changed while it was built counts as newer.
  utimesSync(path.join(built, 'index.html'), began, began);
}

/** Builds the page when it has to be. A server without its page is still a server, so this never rejects. */
export async function ensureConsole() {
  if (!isStale(ROOT, BUILT)) return;
  try {
    await withProgress('foleyd: building the console', () => '', buildConsole(BUILT));
  } catch (error) {
    rmSync(path.join(BUILT, 'index.html'), { force: true });
    console.error(
      `foleyd: console_failed: the browser console could not be built, the server starts without it: ${error}`,
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await buildConsole(BUILT);
