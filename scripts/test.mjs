// `npm test`, the first command in a fresh clone too. Installs what is missing, runs every check and suite, and ends
// with one line that counts all tests. `--only checks|node|python|examples` runs one part; `--quick` takes what is cheap
// and says what it left out. All suites are cut into parts that keep every core busy; the output of a part is printed
// when it has ended.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { bundle, PROGRAMS } from '../server/bin/compiled.mjs';
import { ROOT, ready } from './bootstrap.mjs';
import { counts, fromJunit, sentence, sum } from './counts.mjs';
import { DEVELOPERS, prepare } from './python.mjs';
import { isQuick } from './quick.mjs';
import { parts, runJobs } from './test-jobs.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */
/** @typedef {import('./test-jobs.mjs').Job} Job */

const PARTS = ['checks', 'node', 'python', 'examples'];
/** What tests start as processes of their own. */
const TEST_PROGRAMS = ['server/main.ts', 'server/test/support/retrain-child.ts', 'server/farm/test/worker-child.ts'];
const TRAINER = path.join(ROOT, 'models', 'trainer');
/** One part that hangs must not keep CI from saying which; one that is only slow, on a busy machine, must not be stopped. */
const PART_MINUTES = 40;
/** One for each core. With one more the whole takes longer (1203 s instead of 1029 on two cores): nearly all of it is work. */
const AT_ONCE = availableParallelism();

const scratch = mkdtempSync(path.join(tmpdir(), 'foleyd-test-'));
/** Below node_modules, so that the compiled tests find packages. */
const compiledTests = path.join(ROOT, 'node_modules', '.cache', 'foleyd', `tests-${process.pid}`);
/** @type {{name: string, ok: boolean, counts?: Counts}[]} */
const results = [];

/**
 * Runs a program with its output on ours, or in the file `log`.
 * @param {string} file @param {string[]} args
 * @param {{cwd?: string, log?: string, env?: Record<string, string>}} [options]
 * @returns {Promise<number>}
 */
function run(file, args, { cwd = ROOT, log, env = {} } = {}) {
  return new Promise((resolve) => {
    const out = log === undefined ? 'inherit' : openSync(log, 'w');
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', out, out] });
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

/** A check as a job beside others. @param {string} name @param {string[]} args of this node @returns {Job} */
function checking(name, args) {
  return timed(name, async (log) => {
    const code = await run(process.execPath, args, { log });
    return () => results.push({ name, ok: code === 0 });
  });
}

/**
 * A job whose output is printed, with how long it took, when it has ended.
 * @param {string} name @param {(log: string) => Promise<() => void>} work returns what notes its result
 * @returns {Job}
 */
function timed(name, work) {
  const run = async () => {
    const [begun, log] = [performance.now(), path.join(scratch, `${jobs++}.log`)];
    const note = await work(log);
    console.log(`\n== ${name} (${Math.round((performance.now() - begun) / 1000)} s)\n${readFileSync(log, 'utf8')}`);
    note();
  };
  return { name, run };
}
let jobs = 0;

/** Adds a part of a suite to what the summary says of it. @param {string} name @param {number} code @param {Counts} seen */
function suite(name, code, seen) {
  // A runner that died without a failing test still failed.
  const part = code !== 0 && seen.failed === 0 ? { ...seen, failed: 1 } : seen;
  const former = results.find((one) => one.name === name);
  const all = sum([...(former?.counts === undefined ? [] : [former.counts]), part]);
  if (former === undefined) results.push({ name, ok: all.failed === 0, counts: all });
  else Object.assign(former, { ok: all.failed === 0, counts: all });
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
 * A job that runs test files as they were compiled: reading TypeScript through tsx takes each of them a second or two.
 * @param {string} name of the suite @param {string[]} files @returns {Job}
 */
function nodeTests(name, files) {
  const [first = ''] = files;
  const title = `${name}: ${first}${files.length > 1 ? ` and ${files.length - 1} more` : ''}`;
  return timed(title, async (log) => {
    const report = `${log}.json`;
    const reporter = pathToFileURL(path.join(ROOT, 'scripts', 'counts.mjs')).href;
    const args = [
      '--enable-source-maps',
      '--test',
      '--test-concurrency=1',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${report}`,
      ...files.map((file) => path.join(compiledTests, file.replace(/\.ts$/, '.js'))),
    ];
    const code = await run(process.execPath, args, { log });
    return () => {
      try {
        suite(name, code, counts(JSON.parse(readFileSync(report, 'utf8'))));
      } catch {
        suite(name, code || 1, counts());
      }
    };
  });
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

/** Those that take seconds; a fault is said at once. */
async function checks() {
  await check('lint (biome)', () =>
    run(process.execPath, [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.']),
  );
  await check('import boundaries', () => run(process.execPath, [path.join(ROOT, 'scripts', 'boundaries.mjs')]));
  await check('protocol documents', () =>
    run(process.execPath, ['--import', 'tsx', path.join('protocol', 'docs.ts'), '--check']),
  );
}

/** The two that read every type. */
const typeChecks = () => [
  checking('types (tsc)', [
    ...[tool('typescript', 'bin', 'tsc'), '--noEmit', '--incremental'],
    ...['--tsBuildInfoFile', path.join(ROOT, 'node_modules', '.cache', 'foleyd', 'types.tsbuildinfo')],
  ]),
  checking('types of the console (svelte-check)', [
    tool('svelte-check', 'bin', 'svelte-check'),
    ...['--tsconfig', 'server/console/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  ]),
];

/**
 * Checks the trainer's code; what it returns are its tests.
 * @param {boolean} quick without the tests that train
 * @returns {Promise<Job[]>}
 */
async function python(quick) {
  const name = 'trainer (pytest)';
  const env = await prepare(TRAINER, "installing the trainer's Python packages", DEVELOPERS);
  if ('why' in env) {
    console.error(`foleyd: python_missing: ${env.why}`);
    // On a machine without Python the server can still be worked on; CI has to test everything.
    const inCi = Boolean(process.env.CI);
    suite(name, 0, counts(inCi ? { failed: 1 } : { skipped: 1, reasons: [`models/trainer: ${env.why}`] }));
    return [];
  }
  const others = [path.join(ROOT, 'examples'), path.join(ROOT, 'protocol', 'python')];
  const rules = path.join(TRAINER, 'pyproject.toml');
  await check('Python lint (ruff)', () =>
    run(env.python, ['-m', 'ruff', 'check', '--config', rules, TRAINER, ...others]),
  );
  const which = quick ? ['-m', 'not slow'] : [];
  // What it starts computes on one core as it does: the others have work of their own.
  const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const tests = timed(name, async (log) => {
    const report = `${log}.xml`;
    const args = ['-m', 'pytest', '-q', '--durations=15', ...which, `--junitxml=${report}`];
    const code = await run(env.python, args, { cwd: TRAINER, log, env: threads });
    return () => {
      try {
        suite(name, code, fromJunit(readFileSync(report, 'utf8')));
      } catch {
        suite(name, code || 1, counts());
      }
    };
  });
  return [tests];
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
  const begun = performance.now();
  if (only.includes('checks')) await checks();
  // Before the server's tests: some train, in the environment that is made here.
  const work = only.includes('python') ? await python(quick) : [];
  const all = testFiles('.');
  /** @param {string} file */
  const isExample = (file) => file.startsWith(`examples${path.sep}`);
  const ofExamples = only.includes('examples') && !quick ? all.filter(isExample) : [];
  const others = only.includes('node') ? all.filter((file) => !isExample(file)) : [];
  const ofServer = quick ? others.filter((file) => isQuick(file)) : others;
  const tests = [...ofServer, ...ofExamples];
  if (tests.length > 0) await check('compiling the tests (esbuild)', () => compile(tests));
  const [nameOfServer, nameOfExamples] = ['server, protocol and scripts (node:test)', 'examples (node:test)'];
  const [longest, rest] = [parts(ofServer, isQuick), parts(ofExamples, isQuick)];
  work.push(...[...longest.filter((part) => part.length === 1), ...rest].map(jobOf));
  if (only.includes('checks') && !quick) work.push(...typeChecks());
  work.push(...longest.filter((part) => part.length > 1).map(jobOf));
  await runJobs(work, AT_ONCE);

  /** @param {string[]} files */
  function jobOf(files) {
    return nodeTests(isExample(files[0] ?? '') ? nameOfExamples : nameOfServer, files);
  }

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
  console.log(`took ${Math.round((performance.now() - begun) / 1000)} s, ${AT_ONCE} jobs at once`);
  console.log(sentence(total));
  process.exitCode = results.every((r) => r.ok) ? 0 : 1;
}

try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(compiledTests, { recursive: true, force: true });
}
