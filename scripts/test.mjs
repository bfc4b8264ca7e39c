// `npm test`, the first command in a fresh clone too. Installs what is missing, runs every check and suite, and ends
// with one line that counts all tests. `--only checks|node|python|examples` runs one part. The trainer's tests run beside
// the server's: each suite keeps one core busy. Their output is printed when they have ended.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, ready } from './bootstrap.mjs';
import { counts, fromJunit, sentence, sum } from './counts.mjs';
import { prepare } from './python.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */

const PARTS = ['checks', 'node', 'python', 'examples'];
const TRAINER = path.join(ROOT, 'models', 'trainer');
/** One part that hangs must not keep CI from saying which; one that is only slow, on a busy machine, must not be stopped. */
const PART_MINUTES = 40;

const scratch = mkdtempSync(path.join(tmpdir(), 'foleyd-test-'));
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

/** Files named *.test.ts below `folder`. @param {string} folder @returns {string[]} */
function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    const at = path.join(folder, entry.name);
    return entry.isDirectory() ? testFiles(at) : entry.name.endsWith('.test.ts') ? [at] : [];
  });
}

/** @param {string[]} files */
async function nodeTests(files) {
  if (files.length === 0) return { code: 1, counts: counts() };
  const report = path.join(scratch, 'node.json');
  rmSync(report, { force: true });
  const reporter = pathToFileURL(path.join(ROOT, 'scripts', 'counts.mjs')).href;
  const code = await run(process.execPath, [
    '--import',
    'tsx',
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${report}`,
    ...files,
  ]);
  try {
    return { code, counts: counts(JSON.parse(readFileSync(report, 'utf8'))) };
  } catch {
    return { code: code || 1, counts: counts() };
  }
}

async function checks() {
  await check('lint (biome)', () =>
    run(process.execPath, [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.']),
  );
  await check('import boundaries', () => run(process.execPath, [path.join(ROOT, 'scripts', 'boundaries.mjs')]));
  await check('types (tsc)', () => run(process.execPath, [tool('typescript', 'bin', 'tsc'), '--noEmit']));
  await check('types of the console (svelte-check)', () =>
    run(process.execPath, [
      tool('svelte-check', 'bin', 'svelte-check'),
      ...['--tsconfig', 'server/console/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
    ]),
  );
  await check('protocol documents', () =>
    run(process.execPath, ['--import', 'tsx', path.join('protocol', 'docs.ts'), '--check']),
  );
}

/** Checks the trainer's code and begins its tests; what it returns waits for them and prints what they said. */
async function beginPython() {
  const none = async () => {};
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
  const running = run(env.python, ['-m', 'pytest', '-q', '--durations=15', `--junitxml=${report}`], TRAINER, log);
  return () =>
    suite('trainer (pytest)', async () => {
      const code = await running;
      console.log(readFileSync(log, 'utf8'));
      try {
        return { code, counts: fromJunit(readFileSync(report, 'utf8')) };
      } catch {
        return { code: code || 1, counts: counts() };
      }
    });
}

async function main() {
  const asked = process.argv.indexOf('--only');
  const only = asked < 0 ? PARTS : (process.argv[asked + 1] ?? '').split(',');
  if (!only.every((part) => PARTS.includes(part))) {
    console.error(`foleyd: usage: npm test -- --only ${PARTS.join('|')}`);
    process.exit(2);
  }
  await ready({ dev: true });
  const examples = path.join(ROOT, 'examples');
  if (only.includes('checks')) await checks();
  // Before the server's tests: some train, in the environment that is made here.
  const endPython = only.includes('python') ? await beginPython() : undefined;
  if (only.includes('node')) {
    const files = testFiles(ROOT).filter((file) => !file.startsWith(examples + path.sep));
    await suite('server, protocol and scripts (node:test)', () => nodeTests(files));
  }
  // Alone: some of the examples' programs do not wait for a slow machine.
  await endPython?.();
  if (only.includes('examples')) await suite('examples (node:test)', () => nodeTests(testFiles(examples)));

  const total = sum(results.flatMap((r) => r.counts ?? []));
  console.log('\n== summary');
  for (const r of results)
    console.log(`${r.ok ? 'ok    ' : 'FAILED'} ${r.name}${r.counts ? `: ${sentence(r.counts)}` : ''}`);
  for (const reason of total.reasons) console.log(`skipped: ${reason.replaceAll('\n', ' ')}`);
  console.log(sentence(total));
  process.exitCode = results.every((r) => r.ok) ? 0 : 1;
}

try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
