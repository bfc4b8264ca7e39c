/**
 * Triggers: from a hit to its voice being scheduled while the engine works, and half an hour of play in a minute. Both
 * count what was fresh and what came again, and look for clips that came again though fresh ones were there.
 * `node --expose-gc --import tsx server/bench/triggers.ts [--hits 10000] [--rate 50] [--length 1] [--minutes 30] [--generate on]`
 */
import process from 'node:process';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Hit, limits, type PoolState, parseArgs, type TriggerMap } from '../../protocol/index.ts';
import { FairScheduler } from '../dispatch/fair-scheduler.ts';
import { JobEventBus } from '../dispatch/job-events.ts';
import { createEngine } from '../engine/process/pool.ts';
import { createClipGenerator } from '../generation/trigger-clips.ts';
import { createPlayback } from '../playback/create.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { TriggerBank } from '../triggers/bank.ts';
import type { ClipGenerator, GeneratedClip } from '../triggers/generator.ts';
import { VoiceCatalog } from '../voices/catalog.ts';
import { benchFlags, machine, print, round } from './support.ts';

const flags = benchFlags({
  hits: { type: 'string', default: '10000' },
  rate: { type: 'string', default: '50' },
  /** Seconds of each sound; 0 is the whole clip: then 50 hits a second keep every voice busy. */
  length: { type: 'string', default: '1' },
  minutes: { type: 'string', default: '30' },
  generate: { type: 'string', default: 'on' },
});

const newMap = (fields: Record<string, unknown>): TriggerMap => parseArgs('trigger.map', fields) as TriggerMap;
const sum = (pools: readonly PoolState[], key: 'played' | 'starved' | 'ready'): number =>
  pools.reduce((total, pool) => total + pool[key], 0);
const megabytes = (): number => round(process.memoryUsage.rss() / 2 ** 20);

/** Counts hits, and clips that came again though a fresh one was there. */
class Ledger {
  readonly from: Record<Hit['from'], number> = { pool: 0, generated: 0, live: 0, again: 0 };
  /** Fresh ones that had been played before, and old ones while fresh ones were ready. */
  wrong = 0;
  readonly #seeds = new Map<string, Set<number>>();

  count({ map, from, seed }: Hit, readyBefore: number): void {
    this.from[from] += 1;
    const seeds = this.#seeds.get(map) ?? new Set();
    this.#seeds.set(map, seeds);
    if (from === 'again' ? readyBefore > 0 || !seeds.has(seed) : seeds.has(seed)) this.wrong += 1;
    seeds.add(seed);
  }
}

function spread(values: number[]): Record<string, number> {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** The real engine, queue, pools and output without a device; a client generates one clip after the other meanwhile. */
async function live(): Promise<Record<string, unknown>> {
  const engine = await createEngine({ threads: Number(flags.threads), provider: 'cpu', log: () => undefined });
  const bus = new JobEventBus(() => undefined);
  const scheduler = new FairScheduler({
    engine,
    bus,
    maxJobs: limits.queueJobs,
    maxClips: 4096,
  });
  const catalog = new VoiceCatalog({ roots: [flags.models], active: () => flags.voice, log: () => undefined });
  const placed: number[] = [];
  const playback = await createPlayback({ output: 'none', onPlaced: (ms) => placed.push(ms) });
  const { classes, classCount, dir, rate } = await catalog.find();
  const bank = new TriggerBank({
    generator: createClipGenerator({
      ranker: { isTrained: async () => false, score: () => Promise.reject(new Error('no map asks for candidates')) },
      scheduler,
      catalog,
      rate: async () => playback.info().rate,
    }),
    playback: async () => playback,
    save: async () => undefined,
    log: (_, message, fields) => process.stderr.write(`${message}: ${String(fields?.err)}\n`),
  });
  const length = Number(flags.length) > 0 ? { length: Number(flags.length) } : {};
  await bank.set(classes.map(({ name }) => newMap({ id: name, class: name, ...length })));
  while (bank.pools().some(({ ready, want }) => ready < want)) await sleep(100);

  let running = flags.generate === 'on';
  let clips = 0;
  const generating = (async () => {
    const { signal } = new AbortController();
    for (; running; clips++) {
      const classWeights = Array.from({ length: classCount }, (_, id) => (id === clips % classCount ? 1 : 0));
      const clip = {
        voiceDir: dir,
        classWeights,
        seed: clips,
        temperature: 1,
        topK: 0,
        topP: 1,
        rate,
        previews: false,
      };
      await scheduler.submit({ owner: 'bench', clips: [clip], signal, onClip: async () => undefined }).done;
    }
  })();

  const ledger = new Ledger();
  const answered: number[] = [];
  const memory = [megabytes()];
  const count = Number(flags.hits);
  const began = performance.now();
  const hitting: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const wait = began + (i * 1000) / Number(flags.rate) - performance.now();
    if (wait > 0) await sleep(wait);
    const { name } = classes[i % classes.length]!;
    const [{ ready }] = bank.pools(name) as [PoolState];
    const called = performance.now();
    const velocity = 0.3 + (0.7 * ((i * 7) % 10)) / 10;
    hitting.push(
      bank.fire(name, { velocity, at: null, wait: true }).then((hit) => {
        answered.push(performance.now() - called);
        ledger.count(hit!, ready);
      }),
    );
    if (i % Math.ceil(count / 10) === 0) memory.push(megabytes());
  }
  await Promise.all(hitting);
  await sleep(500);
  const seconds = (performance.now() - began) / 1000;
  running = false;
  await generating;
  const pools = bank.pools();
  const { xruns } = playback.info();
  bank.close();
  await scheduler.drain(10_000);
  await Promise.all([engine.close(), playback.close()]);
  return {
    hits: count,
    seconds: round(seconds),
    lengthSeconds: Number(flags.length),
    maps: pools.length,
    played: sum(pools, 'played'),
    starved: sum(pools, 'starved'),
    from: ledger.from,
    wrong: ledger.wrong,
    clipsForTheClient: clips,
    freshPerSecond: round((count - ledger.from.again) / seconds),
    answeredMs: spread(answered),
    scheduled: placed.length,
    scheduledMs: spread(placed),
    xruns,
    rssMb: memory,
  };
}

const RATE = 48_000;
/** Seconds: what an engine that makes three clips a second needs for one. */
const CLIP = 1 / 3;

/** Real bank and mixer; clips come at the pace of an engine by the time that is rendered. */
async function long(): Promise<Record<string, unknown>> {
  const playback = createOfflinePlayback({ rate: RATE });
  const orders: { map: TriggerMap; temperature: number; take: (clip: GeneratedClip) => void; gone: () => boolean }[] =
    [];
  let seed = 0;
  const generator: ClipGenerator = {
    check: async () => [],
    generate: (map, temperatures, take, signal) =>
      new Promise((resolve) => {
        let left = temperatures.length;
        for (const temperature of temperatures) {
          const taken = (clip: GeneratedClip): void => {
            take(clip);
            if (--left === 0) resolve();
          };
          orders.push({ map, temperature, take: taken, gone: () => signal.aborted });
        }
      }),
    now: (map, temperature, signal) =>
      new Promise((take) => orders.unshift({ map, temperature, take, gone: () => signal.aborted })),
    expectedMs: () => CLIP * 1000,
    live: async () => null,
  };
  const problems: string[] = [];
  const bank = new TriggerBank({
    generator,
    playback: async () => playback,
    save: async () => undefined,
    log: (_, message) => problems.push(message),
  });
  const deliver = (): void => {
    const order = orders.shift();
    if (order === undefined) return;
    const pcm = new Float32Array(4 * RATE);
    for (let i = 0; i < pcm.length; i++) pcm[i] = 0.3 * Math.sin(i * (0.01 + (seed % 97) / 997));
    order.take({ pcm, rate: RATE, seed: seed++, temperature: order.temperature, guidance: 0 });
  };
  const modes = ['shot', 'shot', 'shot', 'gate'] as const;
  const maps = Array.from({ length: 8 }, (_, i) =>
    newMap({
      id: `pad${i}`,
      class: 'Rain',
      ready: 2 + (i % 3),
      mode: modes[i % 4],
      pan: (i - 4) / 4,
      source: { note: 36 + i },
      ...(i % 2 === 0 ? { softTemperature: 0.7, choke: 'even' } : {}),
    }),
  );
  await bank.set(maps);
  for (let i = 0; i < 30; i++) deliver();
  await nextTurn();

  // One generator for the play, so that a run can be repeated.
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const ledger = new Ledger();
  const memory: number[] = [];
  let most = 0;
  let over = 0;
  const seconds = Number(flags.minutes) * 60;
  const STEP = 0.05;
  let due = 0;
  const began = performance.now();
  for (let step = 0; step < seconds / STEP; step++) {
    // Rest and fury in turns: 0.6 hits a second for a minute, then 8 for twenty seconds.
    const perSecond = (step * STEP) % 80 < 60 ? 0.6 : 8;
    if (random() < perSecond * STEP) {
      const { id } = maps[Math.floor(random() * maps.length)]!;
      const [{ ready }] = bank.pools(id) as [PoolState];
      const velocity = 0.05 + 0.95 * random();
      const hit = await bank.fire(id, { velocity, at: null, wait: false });
      ledger.count(hit!, ready);
      if (random() < 0.5) await bank.fire(id, { velocity: 0, at: null, wait: false });
    }
    for (due += STEP; due >= CLIP; due -= CLIP) deliver();
    for (const channel of playback.render(RATE * STEP)) for (const x of channel) if (!(Math.abs(x) <= 1)) over += 1;
    most = Math.max(most, bank.poolBytes);
    await nextTurn();
    if (step % Math.ceil(seconds / STEP / 10) === 0) {
      globalThis.gc?.();
      memory.push(megabytes());
    }
  }
  const took = (performance.now() - began) / 1000;
  const pools = bank.pools();
  bank.close();
  return {
    seconds,
    tookSeconds: round(took),
    timesRealTime: round(seconds / took),
    clipsMade: seed,
    played: sum(pools, 'played'),
    starved: sum(pools, 'starved'),
    from: ledger.from,
    wrong: ledger.wrong,
    over,
    problems: problems.length,
    mostPoolMb: round(most / 2 ** 20),
    rssMb: memory,
  };
}

print({ bench: 'triggers', ...machine(), long: await long(), live: await live() });
