// What `npm start` and `npm test` do first in a fresh clone: look at Node, install what the lock names. Needs no package.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const NODE_MAJOR = 20;

/** @typedef {{version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean, dev?: boolean, devOptional?: boolean}} Locked */

/** Why this Node cannot run foleyd, or null. @param {string} version as in process.versions.node */
export function nodeTooOld(version) {
  const major = Number.parseInt(version, 10);
  return major >= NODE_MAJOR
    ? null
    : `foleyd needs Node ${NODE_MAJOR} or newer and this is ${version}: https://nodejs.org`;
}

/**
 * Names that the lock wants and node_modules does not hold, or holds in another version. npm keeps its own copy of the
 * lock in node_modules as the last act of an install, so one that was broken off counts as missing.
 * @param {string} root
 * @param {{dev: boolean}} want `dev`: also what only tests need
 */
export function missingPackages(root, want) {
  /** @param {string} file @returns {Record<string, Locked>} */
  const packages = (file) => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
    } catch {
      return {};
    }
  };
  const locked = packages(path.join(root, 'package-lock.json'));
  const held = packages(path.join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(locked)
    .filter(([where, p]) => where !== '' && !p.optional && !p.devOptional && (want.dev || !p.dev))
    .filter(([where, p]) => held[where]?.version !== p.version || !existsSync(path.join(root, where, 'package.json')))
    .map(([where]) => where.replace(/^.*node_modules\//, ''));
}

/** How many packages of the first level hold their files: npm makes all folders at once, and fills them one by one. @param {string} root */
function unpacked(root) {
  const folder = path.join(root, 'node_modules');
  /** @param {string} at @returns {string[]} */
  const names = (at) => (existsSync(at) ? readdirSync(at).filter((name) => !name.startsWith('.')) : []);
  return names(folder)
    .flatMap((name) =>
      name.startsWith('@') ? names(path.join(folder, name)).map((own) => path.join(name, own)) : [name],
    )
    .filter((name) => existsSync(path.join(folder, name, 'package.json'))).length;
}

/** How to start npm here without a shell: the npm that runs us, else the one beside node. @returns {{file: string, args: string[], shell: boolean}} */
export function npm() {
  const running = process.env.npm_execpath;
  if (running && /npm-cli\.c?js$/.test(running)) return { file: process.execPath, args: [running], shell: false };
  const beside = path.join(path.dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (existsSync(beside)) return { file: process.execPath, args: [beside], shell: false };
  return { file: 'npm', args: [], shell: process.platform === 'win32' };
}

/**
 * One line that keeps moving on a terminal, and one line every ten seconds elsewhere, while `work` goes on.
 * @template T
 * @param {string} title
 * @param {() => string} detail
 * @param {Promise<T>} work
 */
export async function withProgress(title, detail, work) {
  const begun = Date.now();
  const live = process.stderr.isTTY === true;
  const line = () => `${title}: ${Math.round((Date.now() - begun) / 1000)} s${detail()}`;
  process.stderr.write(live ? '' : `${title} ...\n`);
  const tick = setInterval(() => process.stderr.write(live ? `\r\x1b[K${line()}` : `${line()}\n`), live ? 250 : 10_000);
  try {
    return await work;
  } finally {
    clearInterval(tick);
    process.stderr.write(`${live ? '\r\x1b[K' : ''}${line()}, done\n`);
  }
}

/**
 * Runs a program to its end, its output kept and not shown.
 * @param {string} file
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean}} [options]
 * @returns {Promise<{code: number, output: string}>} code 127 when there is no such program
 */
export function runQuietly(file, args, options = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Makes sure that the packages of the lock are there. Leaves the process with 1 and a reason when it cannot.
 * @param {{dev: boolean}} want
 */
export async function ready(want) {
  const old = nodeTooOld(process.versions.node);
  if (old) fail(old);
  const missing = missingPackages(ROOT, want);
  if (missing.length === 0) return;
  const counted = () => `, ${unpacked(ROOT)} packages unpacked`;
  const { file, args, shell } = npm();
  // NODE_ENV=production in someone's shell would leave out what the tests need.
  const install = runQuietly(file, [...args, 'ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: ROOT, shell });
  const { code, output } = await withProgress('foleyd: installing packages (npm ci)', counted, install);
  if (code !== 0) fail(`npm ci failed (${code}):\n${output.trim()}`);
  const still = missingPackages(ROOT, want);
  if (still.length > 0) fail(`npm ci succeeded, but these packages are missing: ${still.join(', ')}`);
}

/** @param {string} why @returns {never} */
function fail(why) {
  console.error(`foleyd: install_failed: ${why}`);
  process.exit(1);
}
