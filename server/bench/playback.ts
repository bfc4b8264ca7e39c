/**
 * Playback: from a note's bytes to the voice being scheduled while clips are made; asked against recorded onsets;
 * and a long stretch of play rendered faster than real time.
 * `node --import tsx server/bench/playback.ts [--hits 10000] [--rate 50] [--minutes 30] [--generate on]`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { PoolState } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { createPlayback } from '../playback/create.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { benchFlags, machine, print, round } from './support.ts';
import { virtualMidi } from './virtual-midi.ts';

const flags = benchFlags({
  hits: { type: 'string', default: '10000' },
  rate: { type: 'string', default: '50' },
  minutes: { type: 'string', default: '30' },
  generate: { type: 'string', default: 'on' },
  /** Seconds of each sound; 0 is the whole clip: then 50 hits a second keep every voice busy. */
  length: { type: 'string', default: '0' },
});
const { models, voice, threads } = flags;

/** MIDI bytes in, voices scheduled: the whole server in this process, its pools being filled and a client generating. */
async function hits(): Promise<Record<string, unknown>> {
  const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
  const { midi, send } = virtualMidi();
  const placed: number[] = [];
  const config = resolveConfig({ data, models, voice, threads, output: 'none', listen: false, logLevel: 'silent' });
  const app = await createApp(config, { midi, onPlaced: (ms) => placed.push(ms) });
  await app.ready;
  const client = app.connect();
  const { card } = (await client.call('voice.info')) as { card: { classes: { name: string }[] } };
  const short = Number(flags.length) > 0 ? { length: Number(flags.length) } : {};
  const notes = card.classes.map(({ name }, i) => ({
    id: name,
    class: name,
    source: { note: 36 + i },
    ready: 3,
    ...short,
  }));
  await client.call('trigger.import', { maps: notes });
  const pools = async () => ((await client.call('trigger.list')) as { pools: PoolState[] }).pools;
  while ((await pools()).some(({ ready }) => ready === 0)) await sleep(100);
  let running = flags.generate === 'on';
  let clips = 0;
  const generating = (async () => {
    while (running) {
      await client.call('foley.generate', { class: 0, audio: false });
      clips += 1;
    }
  })();
  const calls: number[] = [];
  const count = Number(flags.hits);
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    const wait = began + (i * 1000) / Number(flags.rate) - performance.now();
    if (wait > 0) await sleep(wait);
    const called = performance.now();
    send(0, [0x90, 36 + (i % notes.length), 100]);
    calls.push(performance.now() - called);
  }
  await sleep(500);
  running = false;
  await generating;
  const found = await pools();
  const sum = (key: 'played' | 'starved'): number => found.reduce((total, pool) => total + pool[key], 0);
  const { playback } = (await client.call('server.info')) as { playback: { xruns: number } };
  await app.close();
  rmSync(data, { recursive: true });
  const at = (values: number[], share: number): number => {
    const sorted = [...values].sort((a, b) => a - b);
    return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  };
  const three = (values: number[]) => ({ p50: at(values, 0.5), p99: at(values, 0.99), max: at(values, 1) });
  return {
    hits: count,
    scheduled: placed.length,
    played: sum('played'),
    again: sum('starved'),
    clips,
    handledMs: three(calls),
    scheduledMs: three(placed),
    xruns: playback.xruns,
  };
}

async function timetags(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
  const record = path.join(folder, 'out.wav');
  const playback = await createPlayback({ output: 'none', record });
  const sound = playback.prepare(Float32Array.of(0.5), 48_000);
  const begin = playback.now() + 500;
  const asked = Array.from({ length: 1000 }, (_, i) => begin + i * 5.0123);
  const played = asked.map((at) => playback.play(sound, { at, pan: -1 }));
  await Promise.all(played.map(({ ended }) => ended));
  await playback.close();
  const samples = new Float32Array(new Uint8Array(readFileSync(record).subarray(58)).buffer);
  rmSync(folder, { recursive: true });
  const onsets: number[] = [];
  for (let i = 0; i < samples.length; i += 2) if (samples[i] !== 0) onsets.push(i / 2);
  const wrong = played.filter(({ frame }, i) => onsets[i] !== frame).length;
  const frameError = Math.max(...played.map(({ at }, i) => Math.abs(at - asked[i]!) * 48));
  return { asked: 1000, onsets: onsets.length, wrongFrames: wrong, roundingFrames: round(frameError) };
}

async function long(): Promise<Record<string, unknown>> {
  const playback = createOfflinePlayback();
  const sounds = Array.from({ length: 8 }, (_, k) =>
    playback.prepare(
      new Float32Array(96_000).map((_x, i) => 0.3 * Math.sin(i * 0.01 * (k + 1))),
      48_000,
    ),
  );
  const seconds = Number(flags.minutes) * 60;
  const memory: number[] = [];
  let played = 0;
  let ended = 0;
  let over = 0;
  const began = performance.now();
  for (let second = 0; second < seconds; second++) {
    for (let i = 0; i < 10; i++) {
      const at = second * 1000 + 5 + i * 97;
      void playback.play(sounds[(second + i) % 8]!, { at, pan: Math.sin(i), gain: 0.5 }).ended.then(() => (ended += 1));
      played += 1;
    }
    for (const channel of playback.render(48_000)) for (const x of channel) if (!(Math.abs(x) <= 1)) over += 1;
    await nextTurn();
    if (second % Math.max(1, Math.floor(seconds / 10)) === 0) memory.push(round(process.memoryUsage.rss() / 2 ** 20));
  }
  const took = (performance.now() - began) / 1000;
  return {
    seconds,
    tookSeconds: round(took),
    timesRealTime: round(seconds / took),
    played,
    over,
    active: playback.info().voices.active,
    rssMb: memory,
    ended,
  };
}

print({ bench: 'playback', ...machine(), timetags: await timetags(), long: await long(), hits: await hits() });
