/** Cold hits from a client's side: a voice whose rows are steps of time, and pools that never get a clip. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer, EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import type { EngineEvent, EngineRequest, EngineRun } from '../engine/engine.ts';
import { ByteSource } from '../midi/bytes.ts';
import { ScriptedEngine, ScriptedError } from './support/engine.ts';

/** Makes live clips alone; all others wait until they are cancelled. */
class OnlyLive extends ScriptedEngine {
  /** Those that wait. */
  readonly waiting: EngineRequest[] = [];

  override run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    if (request.live === true) return super.run(request, on);
    this.waiting.push(request);
    let cancel = (): void => undefined;
    const done = new Promise<never>((_, reject) => {
      cancel = () => reject(new ScriptedError('cancelled'));
    });
    return { done, cancel, steer: () => undefined };
  }
}

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-live-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
const record = path.join(data, 'played.wav');
const engine = new OnlyLive({ slots: 64, samples: 6144 });
const midi = new ByteSource().plug('Pad');
let app: App;
before(async () => {
  const options = { data, models, voice: 'tiny-stacked', port: 0, oscPort: 0, logLevel: 'silent', output: 'none' };
  const config = resolveConfig({ ...options, record, midi: 'auto', limits: { drainMs: 0 } } as never, {});
  app = await createApp(config, { engine, midi });
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

const call = (cmd: string, args: Record<string, unknown>) => app.connect().call(cmd, args);

test('a hit of an empty pool asks for a live clip at the voice’s own rate, and plays it', async () => {
  await call('trigger.map', { id: 'rain', class: 0, source: { note: 36 } });
  const { hits } = (await call('trigger.fire', { id: 'rain' })) as EventData<'trigger.fire', 'done'>;
  assert.deepEqual(
    hits.map(({ from, late, remaining }) => [from, late, remaining]),
    [['live', 0, 0]],
  );
  const [request] = engine.requests;
  assert.deepEqual([request!.seed, request!.rate, request!.stream], [hits[0]!.seed, 22_050, true]);
  const { pools } = (await call('pool.info', {})) as EventData<'pool.info', 'done'>;
  assert.deepEqual([pools[0]!.live, pools[0]!.underruns], [1, 0]);
});

test('a client can ask for a clip in the parts of a live one, but what is saved has the bits of its seed', async () => {
  await call('foley.generate', { class: 0, seed: 71, live: true });
  const asked = engine.requests.at(-1)!;
  assert.deepEqual([asked.seed, asked.live, asked.urgent], [71, true, true]);
  const gone = new AbortController();
  const saved = app
    .connect()
    .call('foley.generate', { class: 0, seed: 72, live: true, save: true }, undefined, gone.signal);
  const shaped = app
    .connect()
    .call('foley.generate', { class: 0, seed: 73, live: true, trim: 0.1 }, undefined, gone.signal);
  const ofSeed = (seed: number) => engine.waiting.find((one) => one.seed === seed);
  while (ofSeed(72) === undefined || ofSeed(73) === undefined) await nextTurn();
  assert.deepEqual([ofSeed(72)!.stream, ofSeed(73)!.stream], [true, false]);
  gone.abort();
  await Promise.allSettled([saved, shaped]);
});

test('clips that nobody waits for are not urgent', async () => {
  await call('foley.generate', { class: 0, seed: 74, live: true, patient: true });
  const asked = engine.requests.at(-1)!;
  assert.deepEqual([asked.seed, asked.urgent], [74, false]);
});

test('so does a MIDI note, and the sound is in the recording of the output', async () => {
  await call('trigger.edit', { id: 'rain', change: { liveWithin: 10 } });
  const watcher = app.connect();
  const heard = new Promise<Record<string, unknown>>((resolve) => {
    void watcher
      .call('server.watch', { jobs: false, pools: false }, ({ event, data: told }: Answer) => {
        if (event === 'accepted') midi.send('Pad', [0x90, 36, 127]);
        if (event === 'hit') resolve(told);
      })
      .catch(() => undefined);
  });
  const hit = await heard;
  assert.deepEqual([hit.from, hit.map], ['live', 'rain']);
  while (((await call('server.info', {})) as { playback: { voices: { active: number } } }).playback.voices.active > 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const { pools } = (await call('pool.info', {})) as EventData<'pool.info', 'done'>;
  assert.deepEqual([pools[0]!.live, pools[0]!.underruns], [2, 0]);
  await app.close();
  const { pcm } = decodeWav(readFileSync(record));
  assert.ok(pcm.some((x) => Math.abs(x) > 0.1));
});
