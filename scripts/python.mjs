// A Python environment of our own beside lists of packages, made once and again when the list changes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runQuietly, withProgress } from './bootstrap.mjs';

/** The trainer is written for this one. */
const OLDEST = { major: 3, minor: 10 };

/** Lists of packages: what the programs need, and what their tests need besides. */
const USERS = 'requirements.txt';
export const DEVELOPERS = 'requirements-dev.txt';

/** The interpreter inside an environment. @param {string} venv */
const pythonOf = (venv) =>
  process.platform === 'win32' ? path.join(venv, 'Scripts', 'python.exe') : path.join(venv, 'bin', 'python');

/**
 * The first Python of this machine that is new enough.
 * @param {string} [named] this one and no other; else FOLEYD_PYTHON
 * @returns {Promise<{command: string[], version: string} | {why: string}>}
 */
export async function findPython(named = process.env.FOLEYD_PYTHON) {
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
 * Makes `folder/.venv` hold what a list in the folder names. An environment that somebody made by hand, or that we
 * did not finish making, is never deleted: it is used where it works, and named where it does not.
 * @param {string} folder
 * @param {string} title shown while it installs
 * @param {string} [list] of the packages
 * @returns {Promise<{python: string} | {why: string}>} the interpreter, or what went wrong
 */
export async function prepare(folder, title, list = USERS) {
  const made = await installRequirements(folder, { title, list });
  return 'why' in made ? { why: made.why } : made;
}

/**
 * The same with a choice of PyTorch's build (without one, whatever the package index gives) and of the environment's
 * place.
 * @param {string} folder
 * @param {{title: string, list?: string, venv?: string, torch?: 'cpu' | 'cuda', python?: string | undefined}} options
 * @returns {Promise<{python: string} | {code: 'python_missing' | 'trainer_missing', why: string}>}
 */
export async function installRequirements(folder, options) {
  const { title, list = USERS, torch, python: named, venv = path.join(folder, '.venv') } = options;
  const requirements = path.join(folder, list);
  const stamp = path.join(venv, 'foleyd-stamp');
  const python = pythonOf(venv);
  const wish = torch === 'cuda' ? ' cuda' : '';
  /** @param {string} version */
  const wantedFor = (version) => stampOf(requirements, version, wish);
  // What tests need holds what users need as well: neither makes the other's environment anew.
  const others = [path.join(folder, DEVELOPERS)].filter((one) => list === USERS && existsSync(one));
  const isOurs = existsSync(stamp);
  if (existsSync(venv) && !isOurs) {
    const { code, output } = await runQuietly(python, ['-c', 'import sys; print(*sys.version_info[:3], sep=".")']);
    if (code !== 0) {
      const why = `${venv} is not an environment that foleyd made, and its Python does not run (${output.trim().split('\n').at(-1)}); move it away, or repair it`;
      return { code: 'trainer_missing', why };
    }
    // Somebody's own: packages are added, nothing is removed.
    return (await lacks(python, requirements)) ? install([python, '-m', 'pip', 'install'], null) : { python };
  }
  const found = await findPython(named);
  if ('why' in found) return { code: 'python_missing', why: found.why };
  const wanted = wantedFor(found.version);
  const good = [wanted, ...others.map((one) => stampOf(one, found.version, wish))];
  if (isOurs && existsSync(python) && good.includes(readFileSync(stamp, 'utf8'))) return { python };

  // Ours and outdated: made anew, since pip leaves behind what a shorter list no longer names.
  rmSync(venv, { recursive: true, force: true });
  const made = await makeVenv(found.command, venv);
  if ('why' in made) return { code: 'python_missing', why: made.why };
  // From here on it is ours, also where the installation is broken off.
  writeFileSync(stamp, 'unfinished');
  return install(made.install, wanted);

  /** @param {string[]} installer @param {string | null} done what the stamp says afterwards */
  async function install([file = '', ...args], done) {
    // uv knows where the builds of PyTorch without CUDA are; pip takes what its own settings name.
    const uv = torch === undefined ? [] : [[...uvInstall(python), '--torch-backend', torch === 'cpu' ? 'cpu' : 'auto']];
    let [code, output] = [1, ''];
    for (const [program = '', ...rest] of [...uv, [file, ...args]]) {
      const work = runQuietly(program, [...rest, '-r', requirements], { cwd: folder });
      ({ code, output } = program === 'uv' ? await work : await withProgress(`foleyd: ${title}`, () => '', work));
      if (code === 0) break;
    }
    if (code !== 0) {
      if (done !== null) rmSync(stamp, { force: true });
      if (done !== null) rmSync(venv, { recursive: true, force: true });
      const said = output.trim().split('\n').slice(-15).join('\n');
      return { code: /** @type {const} */ ('trainer_missing'), why: `pip failed (${code}):\n${said}` };
    }
    if (done !== null) writeFileSync(stamp, done);
    return { python };
  }
}

/** @param {string} python */
const uvInstall = (python) => ['uv', 'pip', 'install', '--python', python];

/** Lines of a list and of those that it includes (`-r`). @param {string} requirements @returns {string[]} */
function linesOf(requirements) {
  return readFileSync(requirements, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, included] = /^-r\s+(\S+)/.exec(line) ?? [];
      return included === undefined ? [line] : linesOf(path.join(path.dirname(requirements), included));
    });
}

/** What the stamp of an environment says that holds a list. @param {string} requirements @param {string} version @param {string} wish */
function stampOf(requirements, version, wish) {
  return createHash('sha256').update(linesOf(requirements).join('\n')).update(version).update(wish).digest('hex');
}

/** Whether an environment lacks a package of a list, whatever its version. @param {string} python @param {string} requirements */
async function lacks(python, requirements) {
  const names = linesOf(requirements)
    .map((line) => /^[A-Za-z][\w.-]*/.exec(line)?.[0])
    .filter((name) => name !== undefined);
  const program = `import importlib.metadata as m\nfor n in ${JSON.stringify(names)}: m.version(n)`;
  return (await runQuietly(python, ['-c', program])).code !== 0;
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
      install: uvInstall(pythonOf(venv)),
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
