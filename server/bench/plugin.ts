/**
 * The plugin in its CLAP and VST3 test hosts, built from its sources, with a server beside it: how long after the start its
 * keys have clips, what a block of 256 frames costs at 48 kHz, and how long a bounce of 60 s with 40 notes takes when none
 * of their clips is ready.
 * `node --import tsx server/bench/plugin.ts [--runs 3] [--voice ID] [--models DIR] [--threads 1]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { built, lacks } from '../../examples/plugin/tests/build.ts';
import { type Format, formats, Host } from '../../examples/plugin/tests/host.ts';
import { Status } from '../../examples/plugin/tests/stage.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, median, print, round, startServer } from './support.ts';

const { models, voice, threads, runs } = benchFlags({ runs: { type: 'string', default: '3' } });
const [RATE, BLOCK, BOUNCE_SECONDS, NOTES] = [48_000, 256, 60, 40];
/** Longest waits, in seconds: for all clips, and for one note of a bounce. */
const [MAX_READY, MAX_NOTE] = [300, 60];

const missing = lacks();
if (missing !== false) throw new Error(missing);
built();
const loadBefore = loadavg();
const server = await startServer({ models, voice, threads });
const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const ends: (() => unknown)[] = [];
const open = (format: Format): Host =>
  new Host({ after: (end: () => unknown) => ends.push(end) } as never, format, dir, { FOLEYD_URL: server.ws });

/** Seconds from activation until the first clip is ready, half of all that are wanted, and all. Prefetch is 2. */
async function readiness(seed: number) {
  const host = open('clap');
  await host.set({ Seed: seed });
  const began = performance.now();
  const seen: [number, number][] = [];
  await host.tell('activate', RATE, BLOCK);
  while ((await host.get('Status')) !== Status.ready) {
    await host.tell('idle', 0.02);
    const seconds = (performance.now() - began) / 1000;
    if (seconds > MAX_READY) throw new Error(`the plugin is not ready after ${MAX_READY} s`);
    seen.push([await host.get('Clips_ready'), seconds]);
  }
  const all = await host.get('Clips_ready');
  await host.quit();
  const after = (count: number): number => round(seen.find(([ready]) => ready >= count)![1]);
  return { first: after(1), half: after(all / 2), all: after(all), clips: all };
}

/** Microseconds of a block with so many voices sounding: median of five medians, and the longest of all blocks. */
async function blocks(host: Host, voices: number) {
  const medians: number[] = [];
  let most = 0;
  for (let time = 0; time < 5; time++) {
    for (let i = 0; i < voices; i++) await host.tell('note', i % BLOCK, 48 + 2 * (i % 2), 100);
    const { medianUs, mostUs } = await host.tell('run', 13_000);
    medians.push(medianUs);
    most = Math.max(most, mostUs);
    // All sound off: the next ones begin in silence, whatever the length of the clips.
    await host.tell('deactivate');
    await host.tell('activate', RATE, BLOCK);
    await host.until('Status', Status.ready, MAX_READY);
  }
  return { medianUs: median(medians), mostUs: round(most) };
}

async function blockCosts(format: Format) {
  const host = open(format);
  await host.set({ Rolling_seed: 0 });
  await host.tell('activate', RATE, BLOCK);
  await host.until('Status', Status.ready, MAX_READY);
  const [silent, one, full] = [await blocks(host, 0), await blocks(host, 1), await blocks(host, 32)];
  await host.quit();
  return { silent, one, full };
}

/** Seconds of a bounce. */
async function bounce(format: Format, seed: number): Promise<number> {
  const host = open(format);
  await host.set({ Render_wait: MAX_NOTE, Seed: seed });
  const began = performance.now();
  // A note that waits for its clip locks, which a bounce may.
  await host.tell('guard', 0);
  await host.tell('activate', RATE, 512);
  await host.tell('playing', 1);
  const notes = Array.from({ length: NOTES }, (_, i): [number, number, number] => [
    i * 70_001 + 17,
    48 + 2 * (i % 3),
    100,
  ]);
  await host.play(BOUNCE_SECONDS * RATE, notes);
  const seconds = (performance.now() - began) / 1000;
  const missed = await host.get('Notes_missed');
  if (missed > 0) throw new Error(`the bounce missed ${missed} notes`);
  await host.quit();
  return round(seconds);
}

const ready: Awaited<ReturnType<typeof readiness>>[] = [];
const costs: Partial<Record<Format, unknown>> = {};
const bounces: Partial<Record<Format, unknown>> = {};
for (let run = 0; run < Number(runs); run++) ready.push(await readiness(100 + run));
for (const format of Object.keys(formats) as Format[]) {
  costs[format] = await blockCosts(format);
  const raw: number[] = [];
  for (let run = 0; run < Number(runs); run++)
    raw.push(await bounce(format, 200 + run + (format === 'clap' ? 0 : 100)));
  bounces[format] = summary(raw);
}
for (const end of ends) await end();
await server.close();
rmSync(dir, { recursive: true });
print({
  bench: 'plugin',
  ...machine(),
  voice,
  threads: Number(threads),
  loadBefore,
  loadAfter: loadavg(),
  secondsUntilReady: {
    clips: ready[0]!.clips,
    first: summary(ready.map(({ first }) => first)),
    half: summary(ready.map(({ half }) => half)),
    all: summary(ready.map(({ all }) => all)),
  },
  blockOf256: costs,
  secondsOfBounce: bounces,
});
