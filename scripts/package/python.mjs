// Python wheels of the client in protocol/python and of the trainer.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT, runQuietly } from '../bootstrap.mjs';
import { findPython } from '../python.mjs';

/** The sources of each. */
const WHEELS = ['protocol/python', 'models/trainer'];

/**
 * Builds the wheels into a folder.
 * @param {string} out
 * @returns {Promise<string[] | {why: string}>} their files, or why there are none
 */
export async function buildWheels(out) {
  const found = await findPython();
  if ('why' in found) return found;
  const [python = '', ...first] = found.command;
  // Where setuptools is installed nothing has to be fetched.
  const { code } = await runQuietly(python, [
    ...first,
    '-c',
    'import setuptools; assert setuptools.__version__ >= "68"',
  ]);
  const own = code === 0 ? ['--no-build-isolation'] : [];
  const files = [];
  for (const wheel of WHEELS) {
    // A copy: setuptools leaves folders beside what it reads.
    const place = mkdtempSync(path.join(tmpdir(), 'foleyd-wheel-'));
    try {
      cpSync(path.join(ROOT, wheel), path.join(place, 'source'), {
        recursive: true,
        filter: (name) => !/[\\/](\.venv|tests|__pycache__|[^\\/]*\.egg-info|build)$/.test(name),
      });
      cpSync(path.join(ROOT, 'LICENSE'), path.join(place, 'source', 'LICENSE'));
      const args = [
        '-m',
        'pip',
        'wheel',
        '--no-deps',
        ...own,
        '-w',
        path.join(place, 'out'),
        path.join(place, 'source'),
      ];
      const built = await runQuietly(python, [...first, ...args]);
      if (built.code !== 0) return { why: `pip wheel failed for ${wheel} (${built.code}):\n${built.output.trim()}` };
      for (const name of readdirSync(path.join(place, 'out'))) {
        cpSync(path.join(place, 'out', name), path.join(out, name));
        files.push(path.join(out, name));
      }
    } finally {
      rmSync(place, { recursive: true });
    }
  }
  return files;
}

/**
 * Installs wheels into a folder, without what they depend on, and reads what they have within.
 * @param {string[]} wheels
 * @returns {Promise<string>} the version of the client
 */
export async function useWheels(wheels) {
  const found = await findPython();
  if ('why' in found) throw new Error(found.why);
  const [python = '', ...first] = found.command;
  const place = mkdtempSync(path.join(tmpdir(), 'foleyd-wheel-'));
  try {
    const args = ['-m', 'pip', 'install', '--no-deps', '--no-index', '--target', place, ...wheels];
    const installed = await runQuietly(python, [...first, ...args]);
    if (installed.code !== 0) throw new Error(`pip install failed (${installed.code}):\n${installed.output}`);
    const program = `
import importlib.metadata as m, importlib.util as u, pathlib
files = {str(f) for name in ("foleyd", "foley-trainer") for f in m.files(name)}
for file in ("foleyd/py.typed", "foley_trainer/cli.py", "foley_trainer/presets/stacked.json", "foley_trainer/evaluation/report/report.css"):
    assert file in files, file
assert not any("tests/" in file for file in files), files
print(m.version("foleyd"))`;
    const environment = { cwd: place, env: { ...process.env, PYTHONPATH: place } };
    const { code, output } = await runQuietly(python, [...first, '-c', program], environment);
    if (code !== 0) throw new Error(`the wheels lack something:\n${output}`);
    return output.trim();
  } finally {
    rmSync(place, { recursive: true });
  }
}
