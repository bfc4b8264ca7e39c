/**
 * A hit with no clip ready, until its first sample sounds: through bank, queue, engine and mixer (output without a
 * device). Whole clips as before and clips that are played while they are made take turns in one run, each of a map of
 * its own, so that nothing can be played again; each hit waits until the sound before it has ended. What is counted is
 * the time from the call to the frame of the output at which the clip begins; the clip's own silence comes on top.
 * `node --import tsx server/bench/cold.ts [--hits 8] [--voice ID] [--models DIR] [--threads 1]`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { limits, parseArgs, type TriggerMap, type Underrun } from '../../protocol/index.ts';
import { FairScheduler } from '../dispatch/fair-scheduler.ts';
import { JobEventBus } from '../dispatch/job-events.ts';
import { createEngine } from '../engine/process/pool.ts';
import { createClipGenerator } from '../generation/trigger-clips.ts';
import { createPlayback } from '../playback/create.ts';
import { TriggerBank } from '../triggers/bank.ts';
import type { ClipGenerator } from '../triggers/generator.ts';
import { VoiceCatalog } from '../voices/catalog.ts';
import { benchFlags, machine, median, print, round } from './support.ts';

const flags = benchFlags({ hits: { type: 'string', default: '8' } });
const engine = await createEngine({ threads: Number(flags.threads), provider: 'cpu', log: () => undefined });
const scheduler = new FairScheduler({
  engine,
  bus: new JobEventBus(() => undefined),
  maxJobs: limits.queueJobs,
  maxClips: 4096,
});
const catalog = new VoiceCatalog({ roots: [flags.models], active: () => flags.voice, log: () => undefined });
const playback = await createPlayback({ output: 'none' });
const voice = await catalog.find();
for (const { dir } of voice.models) await engine.load(dir);
const real = createClipGenerator({
  ranker: { isTrained: async () => false, score: () => Promise.reject(new Error('no map asks for candidates')) },
  scheduler,
  catalog,
  rate: async () => playback.info().rate,
});
const underruns: Underrun[] = [];

/** Pools that get nothing. */
function bankOf(generator: Partial<ClipGenerator>): TriggerBank {
  const bank = new TriggerBank({
    generator: {
      ...real,
      generate: (_map, _temperatures, _take, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ...generator,
    },
    playback: async () => playback,
    save: async () => undefined,
    log: (_, message, fields) => process.stderr.write(`${message}: ${String(fields?.err)}\n`),
  });
  bank.watch((event) => event.type === 'underrun' && underruns.push(event.underrun));
  return bank;
}

const banks = { whole: bankOf({ live: async () => null }), live: bankOf({}) };
const raw: Record<keyof typeof banks, number[]> = { whole: [], live: [] };
const froms: Record<string, number> = {};

async function hit(kind: keyof typeof banks, id: string, label: string): Promise<number> {
  const bank = banks[kind];
  await bank.set([parseArgs('trigger.map', { id, class: label }) as TriggerMap]);
  const called = playback.now();
  const played = (await bank.fire(id, { velocity: 1, at: null, wait: true }))!;
  const key = `${kind}: ${played.from}`;
  froms[key] = (froms[key] ?? 0) + 1;
  const ms = played.at - called;
  await sleep(Math.max(0, played.at - playback.now()) + 200);
  while (playback.info().voices.active > 0 || scheduler.usage().running > 0) await sleep(50);
  await bank.remove(id);
  return round(ms);
}

const { classes } = voice;
// One of each that is not counted: all memory is warm after it, and the pace is known.
for (const kind of ['whole', 'live'] as const) await hit(kind, 'warm', classes[0]!.name);
underruns.length = 0;
for (let i = 0; i < Number(flags.hits); i++) {
  const { name } = classes[i % classes.length]!;
  for (const kind of ['whole', 'live'] as const) raw[kind].push(await hit(kind, `pad${i}`, name));
}
for (const bank of Object.values(banks)) bank.close();
await scheduler.drain(10_000);
await Promise.all([engine.close(), playback.close()]);

const of = (values: number[]) => ({
  median: median(values),
  p95: values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1],
});
print({
  bench: 'cold',
  ...machine(),
  voice: flags.voice,
  threads: Number(flags.threads),
  hits: Number(flags.hits),
  from: froms,
  wholeMs: of(raw.whole),
  liveMs: of(raw.live),
  underruns: underruns.map(({ seconds, of: whole }) => ({ seconds: round(seconds), of: round(whole) })),
  raw,
});
