/**
 * All benchmarks, one after the other, each in processes of its own; results and a chart go to `server/bench/results`.
 * `npm run bench [-- --only engine,clients --reference --peer DIR --threads 1,2 --clips 1000]`
 *
 * --reference also times the sampler of the paper's baseline at the paper's size (minutes); --peer DIR its own code.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from '../../scripts/python.mjs';
import { type Bar, barChart } from '../cli/charts/bars.ts';
import { machine } from './support.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    reference: { type: 'boolean', default: false },
    peer: { type: 'string' },
    threads: { type: 'string', default: '1,2' },
    clips: { type: 'string', default: '100' },
    out: { type: 'string', default: fileURLToPath(new URL('./results', import.meta.url)) },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const trainer = path.join(root, 'models', 'trainer');
const voice = path.join(root, 'models', 'default');

type Result = Record<string, unknown>;

function output(file: string, args: string[], cwd: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Result);
      else reject(new Error(`${args.join(' ')} ended with ${code}: ${text.slice(-500)}`));
    });
  });
}

const node = (name: string, ...args: string[]): Promise<Result> =>
  output(process.execPath, ['--import', 'tsx', path.join('server', 'bench', `${name}.ts`), ...args], root);

async function python(module: string, ...args: string[]): Promise<Result> {
  const env = await prepare(trainer, "installing the trainer's Python packages");
  if ('why' in env) return { skipped: env.why };
  return await output(env.python, ['-m', `foley_trainer.experiments.${module}`, ...args], trainer);
}

const last = values.threads.split(',').at(-1)!;
const benches: Record<string, () => Promise<Result>> = {
  floor: () => python('bench_floor', '--voice', voice, '--threads', values.threads),
  engine: () => node('engine', '--threads', values.threads),
  sampler: () => node('sampler'),
  clients: () => node('clients', '--clients', '24'),
  'end-to-end': () => node('end-to-end'),
  'event-loop': () => node('event-loop'),
  codecs: () => node('codecs'),
  endurance: () => node('endurance', '--clips', values.clips),
  int8: () => python('bench_int8', '--voice', voice, '--threads', values.threads),
  'paper-floor': () => python('bench_floor', '--threads', last),
  'paper-int8': () => python('bench_int8', '--threads', values.threads),
  reference: () =>
    python('bench_reference', '--threads', last, '--rounds', '2', ...(values.peer ? ['--peer', values.peer] : [])),
};
const asked =
  values.only?.split(',') ??
  Object.keys(benches).filter((name) => values.reference || !['paper-floor', 'paper-int8', 'reference'].includes(name));

const results: Record<string, Result> = {};
for (const name of asked) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no benchmark ${name}; there are ${Object.keys(benches).join(', ')}`);
  const load = loadavg()[0];
  process.stderr.write(`${name} ...\n`);
  results[name] = { ...(await bench()), loadBefore: load };
}
mkdirSync(values.out, { recursive: true });
const when = new Date().toISOString();
writeFileSync(path.join(values.out, 'latest.json'), `${JSON.stringify({ when, ...machine(), results }, null, 1)}\n`);
writeFileSync(
  path.join(values.out, 'latest.svg'),
  barChart(bars(results), `Seconds per clip of 4 s: ${when.slice(0, 10)}, ${String(machine().cpu)}`),
);
process.stdout.write(`${path.join(values.out, 'latest.json')}\n`);

/** The figures that a person compares: seconds per clip, shorter is better. */
function bars(of: Record<string, Result>): Bar[] {
  const all: Bar[] = [];
  const add = (label: string, seconds: unknown): void => {
    if (typeof seconds === 'number') all.push({ label, value: seconds });
  };
  type Floor = { results?: { threads: number; seconds: number }[] };
  for (const one of (of.floor as Floor | undefined)?.results ?? [])
    add(`floor of the sampler, ${one.threads} threads`, one.seconds);
  type EngineRun = { threads: number; previews: boolean; clip: { median: number }; sample: { median: number } };
  for (const run of (of.engine as { results?: EngineRun[] } | undefined)?.results ?? []) {
    if (run.previews) continue;
    add(`sampler, ${run.threads} threads`, run.sample.median);
    add(`clip in the engine, ${run.threads} threads`, run.clip.median);
  }
  type Sampled = { sampling?: { together: number; guidance?: number; perClip: { median: number } }[] };
  for (const { together, guidance = 0, perClip } of (of.sampler as Sampled | undefined)?.sampling ?? [])
    add(`sampler, per ${guidance > 0 ? 'guided clip' : 'clip'} of ${together} together`, perClip.median);
  const whole = of['end-to-end'] as { mediansMs?: Record<string, { done: number; firstPreview: number }> } | undefined;
  for (const [codec, times] of Object.entries(whole?.mediansMs ?? {})) {
    add(`request to first preview, ${codec}`, times.firstPreview / 1000);
    add(`request to last sample with previews, ${codec}`, times.done / 1000);
  }
  const many = of.clients as { clipsPerSecond?: Record<string, number> } | undefined;
  for (const [lanes, rate] of Object.entries(many?.clipsPerSecond ?? {}))
    add(`per clip of 24 at once, ${lanes} lanes`, 1 / rate);
  const paper = of.reference as { median_clip_seconds?: Record<string, number> } | undefined;
  for (const [name, seconds] of Object.entries(paper?.median_clip_seconds ?? {}))
    add(`paper's size: ${name.replaceAll('_', ' ')}`, seconds);
  return all;
}
