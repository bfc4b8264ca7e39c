/**
 * Playback: from the call of play() to the voice being scheduled while clips are made; asked against recorded onsets;
 * and a long stretch of play rendered faster than real time.
 * `node --import tsx server/bench/playback.ts [--hits 10000] [--rate 50] [--minutes 30] [--generate on]`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createPlayback } from '../playback/create.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { benchFlags, connect, machine, print, round, startServer } from './support.ts';

const flags = benchFlags({
  hits: { type: 'string', default: '10000' },
  rate: { type: 'string', default: '50' },
  minutes: { type: 'string', default: '30' },
  generate: { type: 'string', default: 'on' },
});
const { models, voice, threads } = flags;

async function hits(): Promise<Record<string, unknown>> {
  const server = flags.generate === 'on' ? await startServer({ models, voice, threads }) : null;
  const client = server === null ? null : await connect(server.ws);
  let running = client !== null;
  let clips = 0;
  const generating = (async () => {
    while (running) {
      const { event } = (await client?.ask('foley.generate', { class: 0, count: 1 })) ?? {};
      if (event === 'done') clips += 1;
      else await sleep(100);
    }
  })();
  const took: number[] = [];
  const playback = await createPlayback({ output: 'none', onPlaced: (ms) => took.push(ms) });
  const sound = playback.prepare(new Float32Array(24_000).fill(0.01), 48_000);
  await sleep(200);
  const count = Number(flags.hits);
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    const wait = began + (i * 1000) / Number(flags.rate) - performance.now();
    if (wait > 0) await sleep(wait);
    playback.play(sound);
  }
  await sleep(500);
  const { xruns } = playback.info();
  await playback.close();
  running = false;
  await generating;
  client?.close();
  await server?.close();
  took.sort((a, b) => a - b);
  const at = (share: number): number =>
    round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN);
  return { hits: count, placed: took.length, clips, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), xruns };
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
