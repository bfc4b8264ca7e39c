// A Python environment of our own beside a requirements.txt, made once and again when that file changes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runQuietly, withProgress } from './bootstrap.mjs';

/** The trainer is written for this one. */
const OLDEST = { major: 3, minor: 10 };

/** The interpreter inside an environment. @param {string} venv */
export const pythonOf = (venv) =>
  process.platform === 'win32' ? path.join(venv, 'Scripts', 'python.exe') : path.join(venv, 'bin', 'python');

/**
 * The first Python of this machine that is new enough.
 * @returns {Promise<{command: string[], version: string} | {why: string}>}
 */
export async function findPython() {
  const named = process.env.FOLEYD_PYTHON;
  const tries = named
    ? [[named]]
    : process.platform === 'win32'
      ? [['py', '-3'], ['python']]
      : [['python3'], ['python']];
  const seen = [];
  for (const [file = '', ...args] of tries) {
    const { code, output } = await runQuietly(file, [
      ...args,
      '-c',
      'import sys; print(*sys.version_info[:3], sep=".")',
    ]);
    const [major = 0, minor = 0] = output.trim().split('.').map(Number);
    if (code === 0 && (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor))) {
      return { command: [file, ...args], version: output.trim() };
    }
    seen.push(`${file}: ${code === 0 ? output.trim() : 'not found'}`);
  }
  return { why: `no Python ${OLDEST.major}.${OLDEST.minor} or newer (${seen.join(', ')})` };
}

/**
 * Makes `folder/.venv` hold what `folder/requirements.txt` names.
 * @param {string} folder
 * @param {string} title shown while it installs
 * @returns {Promise<{python: string} | {why: string}>} the interpreter, or what went wrong
 */
export async function prepare(folder, title) {
  const found = await findPython();
  if ('why' in found) return found;
  const requirements = path.join(folder, 'requirements.txt');
  const venv = path.join(folder, '.venv');
  const stamp = path.join(venv, 'foleyd-stamp');
  const wanted = createHash('sha256').update(readFileSync(requirements)).update(found.version).digest('hex');
  const python = pythonOf(venv);
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { python };

  // A broken-off or outdated environment is made anew: pip leaves behind what a shorter list no longer names.
  rmSync(venv, { recursive: true, force: true });
  const made = await makeVenv(found.command, venv);
  if ('why' in made) return made;
  const [file = '', ...args] = made.install;
  const install = runQuietly(file, [...args, '-r', requirements], { cwd: folder });
  const { code, output } = await withProgress(`foleyd: ${title}`, () => '', install);
  if (code !== 0) return { why: `pip failed (${code}):\n${output.trim().split('\n').slice(-15).join('\n')}` };
  writeFileSync(stamp, wanted);
  return { python };
}

/**
 * Debian ships Python without ensurepip unless python3-venv is there, so two more ways are tried.
 * @param {string[]} command @param {string} venv
 * @returns {Promise<{install: string[]} | {why: string}>} the installer that takes `-r FILE`
 */
async function makeVenv(command, venv) {
  const [python = '', ...args] = command;
  const pip = [pythonOf(venv), '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input'];
  const ways = [
    { name: 'python -m venv', file: python, args: [...args, '-m', 'venv', venv], install: pip },
    {
      name: 'uv',
      file: 'uv',
      args: ['venv', '--python', python, venv],
      install: ['uv', 'pip', 'install', '--python', pythonOf(venv)],
    },
    { name: 'virtualenv', file: 'virtualenv', args: ['--python', python, venv], install: pip },
  ];
  const said = [];
  for (const way of ways) {
    const { code, output } = await runQuietly(way.file, way.args);
    if (code === 0) return { install: way.install };
    rmSync(venv, { recursive: true, force: true });
    said.push(`${way.name}: ${output.trim().split('\n')[0]}`);
  }
  return {
    why: `no way to make a Python environment; install python3-venv (Debian), uv or virtualenv\n${said.join('\n')}`,
  };
}
