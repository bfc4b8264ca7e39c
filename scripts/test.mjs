// `npm test`, the first command in a fresh clone too. Installs what is missing, runs every check and suite, and ends
// with one line that counts all tests. `--only checks|node|python|examples` runs one part; `--quick` takes what is cheap
// and says what it left out. The trainer's tests, and behind them the examples', run beside the server's: each keeps
// one core busy. Their output is printed when they have ended.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { bundle, PROGRAMS } from '../server/bin/compiled.mjs';
import { ROOT, ready } from './bootstrap.mjs';
import { counts, fromJunit, sentence, sum } from './counts.mjs';
import { prepare } from './python.mjs';
import { isQuick } from './quick.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */

const PARTS = ['checks', 'node', 'python', 'examples'];
/** What tests start as processes of their own. */
const TEST_PROGRAMS = ['server/main.ts', 'server/test/support/retrain-child.ts'];
const TRAINER = path.join(ROOT, 'models', 'trainer');
/** One part that hangs must not keep CI from saying which; one that is only slow, on a busy machine, must not be stopped. */
const PART_MINUTES = 40;

const scratch = mkdtempSync(path.join(tmpdir(), 'foleyd-test-'));
/** Below node_modules, so that the compiled tests find packages. */
const compiledTests = path.join(ROOT, 'node_modules', '.cache', 'foleyd', `tests-${process.pid}`);
/** @type {{name: string, ok: boolean, counts?: Counts}[]} */
const results = [];

/**
 * Runs a program with its output on ours, or in the file `log`.
 * @param {string} file @param {string[]} args @param {string} [cwd] @param {string} [log]
 * @returns {Promise<number>}
 */
function run(file, args, cwd = ROOT, log) {
  return new Promise((resolve) => {
    const out = log === undefined ? 'inherit' : openSync(log, 'w');
    const child = spawn(file, args, { cwd, stdio: ['ignore', out, out] });
    if (typeof out === 'number') closeSync(out);
    const timer = setTimeout(() => {
      console.error(`foleyd: ${path.basename(file)} ran for ${PART_MINUTES} minutes and is stopped`);
      child.kill('SIGKILL');
    }, PART_MINUTES * 60_000);
    child.on('error', (error) => console.error(`foleyd: ${file}: ${error.message}`));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });
}

/** @param {string} name @param {() => Promise<number>} work */
async function check(name, work) {
  console.log(`\n== ${name}`);
  results.push({ name, ok: (await work()) === 0 });
}

/** @param {string} name @param {() => Promise<{code: number, counts: Counts}>} work */
async function suite(name, work) {
  console.log(`\n== ${name}`);
  const { code, counts: seen } = await work();
  // A runner that died without a failing test still failed.
  if (code !== 0 && seen.failed === 0) seen.failed = 1;
  results.push({ name, ok: seen.failed === 0, counts: seen });
}

/** node_modules/<name>/<file>, run by this node: no shim, so no shell on Windows. @param {string[]} where */
const tool = (...where) => path.join(ROOT, 'node_modules', ...where);

/** Files named *.test.ts below a folder of the repository, from its root. @param {string} folder @returns {string[]} */
function testFiles(folder) {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    const at = path.join(folder, entry.name);
    return entry.isDirectory() ? testFiles(at) : entry.name.endsWith('.test.ts') ? [at] : [];
  });
}

/**
 * Runs test files as they were compiled: reading TypeScript through tsx takes each of them a second or two.
 * @param {string[]} files @param {string} name of the report @param {string} [log]
 */
async function nodeTests(files, name, log) {
  if (files.length === 0) return { code: 1, counts: counts() };
  const report = path.join(scratch, `${name}.json`);
  const reporter = pathToFileURL(path.join(ROOT, 'scripts', 'counts.mjs')).href;
  const args = [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${report}`,
    ...files.map((file) => path.join(compiledTests, file.replace(/\.ts$/, '.js'))),
  ];
  const code = await run(process.execPath, args, ROOT, log);
  try {
    return { code, counts: counts(JSON.parse(readFileSync(report, 'utf8'))) };
  } catch {
    return { code: code || 1, counts: counts() };
  }
}

/** A source that is not TypeScript fails the run; its tests are then missing and fail as well. @param {string[]} files */
async function compile(files) {
  try {
    await bundle([...files, ...PROGRAMS, ...TEST_PROGRAMS], compiledTests, { sourcemap: true });
    return 0;
  } catch (error) {
    console.error(`foleyd: ${/** @type {Error} */ (error).message}`);
    return 1;
  }
}

/** @param {boolean} quick without the two that read every type */
async function checks(quick) {
  await check('lint (biome)', () =>
    run(process.execPath, [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.']),
  );
  await check('import boundaries', () => run(process.execPath, [path.join(ROOT, 'scripts', 'boundaries.mjs')]));
  await check('protocol documents', () =>
    run(process.execPath, ['--import', 'tsx', path.join('protocol', 'docs.ts'), '--check']),
  );
  if (quick) return;
  await check('types (tsc)', () => run(process.execPath, [tool('typescript', 'bin', 'tsc'), '--noEmit']));
  await check('types of the console (svelte-check)', () =>
    run(process.execPath, [
      tool('svelte-check', 'bin', 'svelte-check'),
      ...['--tsconfig', 'server/console/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
    ]),
  );
}

/**
 * Checks the trainer's code and begins its tests; what it returns waits for them and prints what they said.
 * @param {boolean} quick without the tests that train
 */
async function beginPython(quick) {
  const none = { ended: Promise.resolve(0), print: async () => {} };
  const env = await prepare(TRAINER, "installing the trainer's Python packages");
  if ('why' in env) {
    console.error(`foleyd: python_missing: ${env.why}`);
    // On a machine without Python the server can still be worked on; CI has to test everything.
    const inCi = Boolean(process.env.CI);
    const reasons = [`models/trainer: ${env.why}`];
    results.push({
      name: 'trainer (pytest)',
      ok: !inCi,
      counts: counts(inCi ? { failed: 1 } : { skipped: 1, reasons }),
    });
    return none;
  }
  const others = [path.join(ROOT, 'examples'), path.join(ROOT, 'protocol', 'python')];
  const rules = path.join(TRAINER, 'pyproject.toml');
  await check('Python lint (ruff)', () =>
    run(env.python, ['-m', 'ruff', 'check', '--config', rules, TRAINER, ...others]),
  );
  const [report, log] = [path.join(scratch, 'pytest.xml'), path.join(scratch, 'pytest.log')];
  const which = quick ? ['-m', 'not slow'] : [];
  const ended = run(
    env.python,
    ['-m', 'pytest', '-q', '--durations=15', ...which, `--junitxml=${report}`],
    TRAINER,
    log,
  );
  const print = () =>
    suite('trainer (pytest)', async () => {
      const code = await ended;
      console.log(readFileSync(log, 'utf8'));
      try {
        return { code, counts: fromJunit(readFileSync(report, 'utf8')) };
      } catch {
        return { code: code || 1, counts: counts() };
      }
    });
  return { ended, print };
}

async function main() {
  const quick = process.argv.includes('--quick');
  const asked = process.argv.indexOf('--only');
  const only = asked < 0 ? PARTS : (process.argv[asked + 1] ?? '').split(',');
  if (!only.every((part) => PARTS.includes(part))) {
    console.error(`foleyd: usage: npm test -- [--quick] [--only ${PARTS.join('|')}]`);
    process.exit(2);
  }
  await ready({ dev: true });
  if (only.includes('checks')) await checks(quick);
  // Before the server's tests: some train, in the environment that is made here.
  const python = only.includes('python') ? await beginPython(quick) : undefined;
  const all = testFiles('.');
  const ofExamples = only.includes('examples') && !quick ? testFiles('examples') : [];
  const others = only.includes('node')
    ? all.filter((file) => !ofExamples.includes(file) && !file.startsWith(`examples${path.sep}`))
    : [];
  const ofServer = quick ? others.filter((file) => isQuick(file)) : others;
  if (ofServer.length + ofExamples.length > 0)
    await check('compiling the tests (esbuild)', () => compile([...ofServer, ...ofExamples]));
  const examplesLog = path.join(scratch, 'examples.log');
  const examples =
    ofExamples.length > 0 ? python?.ended.then(() => nodeTests(ofExamples, 'examples', examplesLog)) : undefined;
  if (ofServer.length > 0) await suite('server, protocol and scripts (node:test)', () => nodeTests(ofServer, 'server'));
  await python?.print();
  if (ofExamples.length > 0)
    await suite('examples (node:test)', async () => {
      const ran = await (examples ?? nodeTests(ofExamples, 'examples', examplesLog));
      console.log(readFileSync(examplesLog, 'utf8'));
      return ran;
    });

  const total = sum(results.flatMap((r) => r.counts ?? []));
  console.log('\n== summary');
  for (const r of results)
    console.log(`${r.ok ? 'ok    ' : 'FAILED'} ${r.name}${r.counts ? `: ${sentence(r.counts)}` : ''}`);
  for (const reason of total.reasons) console.log(`skipped: ${reason.replaceAll('\n', ' ')}`);
  if (quick) {
    const left = others.filter((file) => !ofServer.includes(file)).length;
    console.log(
      `left out by --quick: types (tsc, svelte-check), ${left} test files of the server that start processes, the trainer's tests that train, the examples`,
    );
  }
  console.log(sentence(total));
  process.exitCode = results.every((r) => r.ok) ? 0 : 1;
}

try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(compiledTests, { recursive: true, force: true });
}
