/** Streams on the server's own output, and over OSC, which carries no audio. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import { ByteSource } from '../midi/bytes.ts';
import { connectOsc } from './support/osc-client.ts';

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-stream-output-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
const record = path.join(data, 'played.wav');
const midi = new ByteSource().plug('Wheel');
let app: App;
before(async () => {
  const where = { data, models, voice: 'tiny-stacked', port: 0, oscPort: 0, output: 'none', record } as const;
  app = await createApp(resolveConfig({ ...where, logLevel: 'silent', limits: { drainMs: 0 } }, {}), { midi });
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

const call = (cmd: string, args: Record<string, unknown>, on?: (answer: Answer) => void) =>
  app.connect().call(cmd, args, on);
const active = async (): Promise<number> =>
  ((await call('server.info', {})) as { playback: { voices: { active: number } } | null }).playback?.voices.active ?? 0;

test('a stream that plays sounds on the output until it is stopped, and sends no audio where none is asked for', async () => {
  const events: Answer[] = [];
  const done = call('stream.start', { class: 'Hiss', as: 'rain', play: true, audio: false }, (answer) => {
    events.push(answer);
  });
  while ((await active()) === 0) await wait(20);
  await assert.rejects(call('stream.start', { class: 'Hiss', as: 'rain' }), { code: 'bad_args', path: 'args.as' });
  await call('stream.set', { stream: 'rain', level: -6 });
  while (!events.some(({ event }) => event === 'changed')) await wait(20);
  await call('stream.stop', { stream: 'rain' });
  const { stream, recipe } = (await done) as { stream: string; recipe: { stream: { args: object } } };
  assert.equal(stream, 'rain');
  assert.deepEqual([...new Set(events.map(({ event }) => event))], ['accepted', 'changed', 'done']);
  assert.equal(events[0]!.data.device, null);
  for (const name of ['as', 'play', 'audio', 'pan', 'bus']) assert.ok(!(name in recipe.stream.args), name);
  while ((await active()) > 0) await wait(20);
});

test('a stream of so many seconds that plays is done when it has sounded', async () => {
  await call('stream.start', { class: 'Hiss', play: true, audio: false, seconds: 0.4 });
  assert.equal(await active(), 0);
});

test('only streams in real time can be played', async () => {
  const args = { class: 'Hiss', play: true, live: false, seconds: 1 };
  await assert.rejects(call('stream.start', args), { code: 'bad_args', path: 'args.play' });
});

test('a MIDI controller and aftertouch change a stream, on their channels, between the ends of their ranges', async () => {
  const changed: Record<string, unknown>[] = [];
  const controls = [
    { cc: 1, channel: 2, set: 'temperature', from: 0.5, to: 1.5 },
    { midi: 'aftertouch', channel: 2, set: 'level', from: -40, to: 0 },
  ];
  let chunks = 0;
  const done = call('stream.start', { class: 'Hiss', as: 'wheel', controls }, ({ event, data: told }) => {
    if (event === 'changed') changed.push(told);
    if (event === 'audio') chunks += 1;
    if (event !== 'accepted') return;
    midi.send('Wheel', [0xb0, 1, 0]);
    midi.send('Wheel', [0xd0, 0]);
    // The first value moves it at once, and the last of those that come until then 100 ms later.
    midi.send('Wheel', [0xb1, 1, 127]);
    midi.send('Wheel', [0xd1, 64, 0xa1, 60, 127]);
  });
  // The recipe is that of what was sent.
  while (changed.length < 2 || chunks === 0) await wait(20);
  await call('stream.stop', { stream: 'wheel' });
  const { recipe } = (await done) as { recipe: { stream: { args: { changes: object[] } } } };
  assert.deepEqual(
    changed.flatMap(({ temperature = [] }) => temperature),
    [1.5],
  );
  assert.deepEqual(
    changed.flatMap(({ level = [] }) => level),
    [0],
  );
  assert.deepEqual(
    recipe.stream.args.changes,
    changed.toSorted((one, other) => Number(one.step) - Number(other.step)),
  );
  const wrong = [{ cc: 1, set: 'mix', from: 0, to: 1, class: 'Unicorn' }];
  await assert.rejects(call('stream.start', { class: 'Hiss', controls: wrong }), {
    code: 'unknown_class',
    path: 'args.controls.0.class',
  });
});

test('OSC starts, changes, keeps and ends a stream by a name of its own', async (t) => {
  const client = await connectOsc(app);
  t.after(() => client.close());
  const word = (value: string) => ({ type: 'string', value }) as const;
  const answer = async (address: string, first: string): Promise<unknown[]> =>
    (await client.message((heard) => heard.address === address && heard.args[0] === first)).args;
  client.send('/foley/stream/start', word('s1'), word('Hiss'), word('as'), word('wind'), word('seed'), {
    type: 'integer',
    value: 7,
  });
  assert.deepEqual(await answer('/foley/stream/started', 's1'), ['s1', 'wind', 7, 'tiny-stacked']);
  while ((await active()) === 0) await wait(20);
  client.send('/foley/stream/set', word('wind'), word('temperature'), { type: 'float', value: 0.5 });
  assert.equal((await answer('/foley/stream/changed', 's1'))[2], 0.5);
  assert.deepEqual((await answer('/foley/stream/value', 's1')).slice(2), ['temperature', 0.5]);
  client.send('/foley/stream/keep', word('wind'), { type: 'float', value: 0.25 });
  const [clip] = (await client.message(({ address }) => address === '/foley/stream/kept')).args;
  assert.match(String(clip), /^[0-9a-f]{16}$/);
  client.send('/foley/stream/stop', word('storm'));
  assert.deepEqual((await answer('/foley/failed', 'storm'))[1], 'unknown_stream');
  client.send('/foley/stream/set', word('wind'), word('level'), { type: 'float', value: 1000 });
  assert.deepEqual((await answer('/foley/failed', 'wind'))[1], 'bad_args');
  client.send('/foley/stream/stop', word('wind'));
  const [, stream, seconds] = await answer('/foley/stream/done', 's1');
  assert.equal(stream, 'wind');
  assert.ok(Number(seconds) > 0);
  assert.ok(!client.heard.some(({ args }) => args.some((arg) => arg instanceof Uint8Array)), 'no audio over OSC');
});

test('what was played is in the recording of the output', async () => {
  await app.close();
  const { pcm } = decodeWav(readFileSync(record));
  assert.ok(pcm.some((x) => x !== 0));
});
