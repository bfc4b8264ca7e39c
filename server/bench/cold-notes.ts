/**
 * A note with no clip ready, until its first sample sounds: MIDI bytes through the whole server into its mixer (output
 * without a device), and a note in a plugin host that runs at the pace of a sound card, with the plugin built from its
 * sources and a server beside it. Each note has a map, or a seed, of its own, so that nothing can be played again; what
 * prepares clips for it begins at the same time. Counted until the frame of the output at which the clip begins.
 * `node --import tsx server/bench/cold-notes.ts [--notes 21] [--only midi|plugin] [--voice ID] [--models DIR] [--threads 1]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { built, lacks } from '../../examples/plugin/tests/build.ts';
import { Host } from '../../examples/plugin/tests/host.ts';
import { onset } from '../../examples/plugin/tests/sound.ts';
import { Status } from '../../examples/plugin/tests/stage.ts';
import type { Hit } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print, round, startServer } from './support.ts';
import { virtualMidi } from './virtual-midi.ts';

const flags = benchFlags({ notes: { type: 'string', default: '21' }, only: { type: 'string', default: '' } });
const { models, voice, threads } = flags;
const count = Number(flags.notes);
/** How long a note is waited for, and the host's rate. */
const [MAX_SECONDS, RATE] = [2, 48_000];
/** Of the plugin's own zone, whose key is no white one. */
const KEY = 49;

const of = (raw: number[]) => ({
  ...summary(raw),
  p95: round(raw.toSorted((a, b) => a - b)[Math.ceil(0.95 * raw.length) - 1]!),
});

async function midiNotes() {
  const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
  const { midi, send } = virtualMidi();
  const config = resolveConfig({ data, models, voice, threads, output: 'none', listen: false, logLevel: 'silent' });
  const app = await createApp(config, { midi });
  await app.ready;
  const client = app.connect();
  const { card } = (await client.call('voice.info')) as { card: { classes: { name: string }[] } };
  let hear = (_: Hit): void => undefined;
  let underruns = 0;
  const watching = new AbortController();
  const watch = client.call(
    'server.watch',
    { jobs: false, pools: false },
    ({ event, data: told }) => {
      if (event === 'hit') hear(told as unknown as Hit);
      if (event === 'underrun') underruns += 1;
    },
    watching.signal,
  );
  watch.catch(() => undefined);
  const froms: Record<string, number> = {};
  const isMaking = async (): Promise<boolean> => {
    const { queue } = (await client.call('server.info')) as { queue: { waiting: number; running: number } };
    return queue.waiting + queue.running > 0;
  };
  const note = async (i: number): Promise<number> => {
    const id = `pad${i}`;
    const { name } = card.classes[i % card.classes.length]!;
    const heard = new Promise<Hit>((resolve) => {
      hear = resolve;
    });
    await client.call('trigger.map', { id, class: name, source: { note: 36 }, ready: 1 });
    const called = performance.timeOrigin + performance.now();
    send(0, [0x90, 36, 100]);
    const { at, from, voice: sounding } = await heard;
    froms[from] = (froms[from] ?? 0) + 1;
    await client.call('trigger.unmap', { id });
    // Nothing that is made any more can come too late: the rest of the clip need not be played.
    while (await isMaking()) await sleep(20);
    await client.call('trigger.stop', { voice: sounding });
    await sleep(200);
    return round(at - called);
  };
  // One that is not counted: all memory is warm after it.
  await note(0);
  const raw: number[] = [];
  for (let i = 1; i <= count; i++) raw.push(await note(i));
  watching.abort();
  await app.close();
  rmSync(data, { recursive: true });
  return { ...of(raw), from: froms, underruns };
}

async function pluginNotes() {
  const missing = lacks();
  if (missing !== false) return { skipped: missing };
  built();
  const server = await startServer({ models, voice, threads });
  const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
  let end = (): unknown => undefined;
  const test = { after: (fn: () => unknown) => (end = fn) };
  const host = new Host(test as never, 'clap', dir, { FOLEYD_URL: server.ws });
  await host.tell('activate', RATE, 256);
  await host.until('Status', Status.ready, 60);
  // Another seed makes other clips of all keys: nothing is ready, and all of them are asked for at once.
  const note = async (i: number): Promise<number> => {
    await host.set({ Class: i % 7, Seed: 100 + i });
    await host.until('Status', Status.fetching);
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', MAX_SECONDS);
    const began = onset(await host.dump());
    await host.until('Status', Status.ready, 60);
    return began < 0 ? Number.NaN : round((began * 1000) / RATE);
  };
  await note(0);
  const before = await host.get('Underruns');
  const raw: number[] = [];
  for (let i = 1; i <= count; i++) raw.push(await note(i));
  const [underruns, missed] = [(await host.get('Underruns')) - before, raw.filter(Number.isNaN).length];
  await host.quit();
  end();
  await server.close();
  rmSync(dir, { recursive: true });
  return { ...of(raw.filter((ms) => !Number.isNaN(ms))), underruns, missed };
}

const loadBefore = loadavg();
const midiToMixerMs = flags.only === 'plugin' ? null : await midiNotes();
const pluginMs = flags.only === 'midi' ? null : await pluginNotes();
print({
  bench: 'cold-notes',
  ...machine(),
  voice,
  threads: Number(threads),
  loadBefore,
  loadAfter: loadavg(),
  midiToMixerMs,
  pluginMs,
});
