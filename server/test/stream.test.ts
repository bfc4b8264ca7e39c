/** Streams from a client's side, over the fixture voice and the real engine. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, decodePcm, encodePcm, msgpackCodec } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { decodeWav } from '../audio/wav.ts';
import { argsOf, readClip } from '../cli/like.ts';
import { stream as streamCommand } from '../cli/stream.ts';
import { resolveConfig } from '../config.ts';
import type { MemoryClient } from '../network/transports/memory.ts';
import { codeOf } from './support/client.ts';
import { connectWs } from './support/ws-client.ts';

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-stream-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
let app: App;
before(async () => {
  const limits = { drainMs: 0, streams: 3 };
  const options = {
    data,
    models,
    voice: 'tiny-stacked',
    port: 0,
    oscPort: 0,
    logLevel: 'silent',
    output: 'none',
    limits,
  } as const;
  app = await createApp(resolveConfig(options, {}));
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

interface Playing {
  client: MemoryClient;
  id: string;
  parts: readonly Float32Array[];
  pcm: () => Float32Array;
  changes: Record<string, unknown>[];
  /** Resolves once so many chunks of audio came. */
  chunks(count: number): Promise<void>;
  done: Promise<Record<string, unknown>>;
}

async function start(args: Record<string, unknown>, client = app.connect()): Promise<Playing> {
  const parts: Float32Array[] = [];
  const changes: Record<string, unknown>[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let accept: (id: string) => void;
  const accepted = new Promise<string>((resolve) => {
    accept = resolve;
  });
  const onEvent = ({ event, data: told }: Answer): void => {
    if (event === 'accepted') accept(String(told.stream));
    if (event === 'changed') changes.push(told);
    if (event !== 'audio') return;
    assert.equal(
      told.offset,
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    parts.push(decodePcm(told.pcm as Uint8Array, 'f32'));
    for (const one of waiting) if (one.count <= parts.length) one.resolve();
  };
  const done = client.call('stream.start', args, onEvent);
  done.catch(() => undefined);
  const id = await Promise.race([accepted, done.then(() => '')]);
  return {
    client,
    id,
    changes,
    done,
    parts,
    pcm: () => Float32Array.from(parts.flatMap((part) => [...part])),
    chunks: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        if (parts.length >= count) resolve();
      }),
  };
}

const soon = (): Promise<void> => new Promise((next) => setTimeout(next, 10));
const live = { class: 'Hiss', seed: 7, ahead: 0.3 };
const drawn = {
  points: [
    { at: 0, level: -60 },
    { at: 0.5, level: 0 },
  ],
};
const minute = { levels: [-20, -30, -20, -30, -20, -30], rate: 0.1 };
const fails = (code: string, at?: string, why?: RegExp) => (error: unknown) => {
  const { code: got, path: where, message } = error as { code: string; path?: string; message: string };
  assert.equal(got, code);
  if (at !== undefined) assert.equal(where, at);
  assert.match(message, why ?? (code === 'bad_args' ? /^args.*: expected|^expected/ : /./));
  return true;
};

test('a stream plays until it is stopped, takes changes, and its recipe makes it again bit for bit', async () => {
  const playing = await start(live);
  const { client, id } = playing;
  await playing.chunks(3);
  await client.call('stream.set', { stream: id, class: { hiss: 1, 'b-e-e-p': 1 }, level: -6 });
  await playing.chunks(6);
  await client.call('stream.set', { stream: id, temperature: 0.5, guidance: 2 });
  while (playing.changes.length < 3) await soon();
  const kept = await client.call('stream.keep', { stream: id, seconds: 0.5, name: 'liked' });
  await client.call('stream.stop', { stream: id });
  const done = await playing.done;
  // What a name was understood as is told, and no part of the recipe.
  const understood = [{ name: 'b-e-e-p', class: 'Beep' }];
  const { stream } = done.recipe as { stream: { args: Record<string, unknown> } };
  assert.equal(done.seconds, playing.pcm().length / 22_050);
  assert.deepEqual(
    playing.changes.map(({ step: _, redrawn: __, ...told }) => JSON.stringify(told)).sort(),
    [
      { level: -6 },
      { class: { Hiss: 0.5, Beep: 0.5 }, guidance: 0, understood },
      { temperature: 0.5, class: { Hiss: 0.5, Beep: 0.5 }, guidance: 2, understood },
    ]
      .map((told) => JSON.stringify(told))
      .sort(),
  );
  const again = await start(stream.args);
  await again.done;
  assert.deepEqual(again.pcm(), playing.pcm());

  const { clip } = (await client.call('clip.get', { clip: kept.clip })) as { clip: { name: string; path: string } };
  const { pcm } = decodeWav(readFileSync(clip.path));
  assert.deepEqual([clip.name, pcm.length], ['liked', 11_025]);
  const { recipe } = await readClip(clip.path);
  assert.throws(() => argsOf(recipe), /cut from a stream/);
  const file = path.join(data, 'again.wav');
  const { ws } = app.urls;
  assert.equal(await streamCommand(undefined, { like: clip.path, out: file, url: ws!, config: { data } }), 0);
  assert.deepEqual(decodeWav(readFileSync(file)).pcm, pcm);
});

test('a stream follows an envelope from its beginning, and another from when it is told to, and its recipe has both', async () => {
  const asked = { ...live, live: false, seconds: 1.5 };
  const plain = await start(asked);
  const shaped = await start({ ...asked, envelope: drawn });
  await Promise.all([plain.done, shaped.done]);
  assert.notDeepEqual(shaped.pcm(), plain.pcm());
  const other = await start({ ...asked, envelope: { points: [...drawn.points, { at: 1, level: -80 }] } });
  await other.done;
  const differs = shaped.pcm().findIndex((sample, i) => sample !== other.pcm()[i]);
  assert.ok(differs > 0, 'as long as two envelopes say the same, so do their streams');
  // While it plays: taps on a desk.
  const playing = await start({ ...live, envelope: drawn });
  await playing.chunks(3);
  const taps = Float32Array.from({ length: 8000 }, (_, i) => (i % 2000 < 200 ? 0.5 * Math.sin(i) : 0));
  const recording = encodePcm(taps, 's16');
  await playing.client.call('stream.set', { stream: playing.id, envelope: { recording, recordingRate: 8000 } });
  while (playing.changes.length < 1) await soon();
  const { envelope } = playing.changes[0] as { envelope: { levels: number[]; rate: number } };
  assert.ok(Math.abs(envelope.levels.length / envelope.rate - 1) < 0.05, 'the change says the levels of the recording');
  await playing.chunks(playing.parts.length + 3);
  await playing.client.call('stream.set', { stream: playing.id, density: 3 });
  while (playing.changes.length < 2) await soon();
  await playing.client.call('stream.stop', { stream: playing.id });
  const { recipe } = await playing.done;
  const { stream } = recipe as { stream: { args: Record<string, unknown> } };
  assert.ok(JSON.stringify(stream.args).length < 20_000 && !JSON.stringify(stream.args).includes('recording'));
  const again = await start(JSON.parse(JSON.stringify(stream.args)) as Record<string, unknown>);
  await again.done;
  assert.deepEqual(again.pcm(), playing.pcm());
});

test('the name and the place of a stream that is stopped are free at once', async () => {
  const client = app.connect();
  const first = await start({ ...live, as: 'again' }, client);
  const others = [await start(live), await start(live)];
  await first.chunks(1);
  const stopped = client.call('stream.stop', { stream: 'again' });
  const second = await start({ ...live, as: 'again', seed: 8 }, client);
  await stopped;
  assert.equal((await first.done).stream, 'again');
  await second.chunks(2);
  for (const { id } of [second, ...others]) await client.call('stream.stop', { stream: id });
  await Promise.all([second, ...others].map(({ done }) => done));
});

test('audio is kept at most a bound ahead of real time', async () => {
  const begun = performance.now();
  const playing = await start(live);
  await playing.chunks(12);
  const seconds = playing.pcm().length / 22_050;
  const passed = (performance.now() - begun) / 1000;
  assert.ok(seconds <= passed + 0.3 + 0.1, `${seconds} s in ${passed} s`);
  await playing.client.call('stream.stop', { stream: playing.id });
  await playing.done;
});

test('no part of a stream is longer than it may be ahead, and how far that was is part of its recipe', async () => {
  const lengths = async (ahead: number): Promise<Set<number>> => {
    const playing = await start({ ...live, ahead, live: false, seconds: 3 });
    const { recipe } = await playing.done;
    const { args } = (recipe as { stream: { args: Record<string, unknown> } }).stream;
    assert.equal(args.ahead, ahead);
    // The first covers what is made after it, and the last is what is left.
    return new Set(playing.parts.slice(1, -1).map(({ length }) => length / 22_050));
  };
  const [close, far] = [await lengths(0.1), await lengths(2)];
  assert.ok(
    [...close].every((seconds) => seconds <= 0.1),
    [...close].join(),
  );
  assert.ok(Math.max(...far) > Math.max(...close), [...far].join());
});

test('no more streams than the server allows play at a time, and those of clients that vanish end', async () => {
  const clients = Array.from({ length: 100 }, () => app.connect());
  let playing = 0;
  const refused: unknown[] = [];
  let why = '';
  for (const client of clients) {
    const count = ({ event }: Answer): void => {
      if (event === 'accepted') playing += 1;
    };
    void client.call('stream.start', live, count).catch(({ code, message }) => {
      refused.push(code);
      why = String(message);
    });
  }
  while (refused.length + playing < 100) await soon();
  assert.deepEqual([playing, new Set(refused)], [3, new Set(['too_many_streams'])]);
  assert.match(why, /^3 streams are playing already; end one with stream\.stop/);
  for (const client of clients) client.close();
  // Over WebSocket the same, with a client that is cut off.
  const socket = await connectWs(app, msgpackCodec);
  for (;;) {
    const one = socket.ask('stream.start', live);
    const first = await Promise.race([one.first('accepted').catch(() => null), one.end]);
    if (first?.event === 'accepted') {
      await one.first('audio');
      break;
    }
    assert.equal(codeOf(await one.end), 'too_many_streams');
    await soon();
  }
  await socket.close();
  for (let heard = 0; heard < 3; ) {
    const one = await start({ ...live, seconds: 0.2 }).catch(fails('too_many_streams'));
    if (typeof one === 'boolean') await soon();
    else {
      await one.done;
      heard += 1;
    }
  }
});

test('bad input gets its code, and nothing else of it', async () => {
  const client = app.connect();
  const call = (cmd: string, args: Record<string, unknown>) => client.call(cmd, args);
  for (const [args, code, at, why] of [
    [{ class: 'Unicorn' }, 'unknown_class', 'args.class'],
    [{ class: 0, voice: 'tiny' }, 'not_streamable', 'args.voice', /cannot be streamed: .*use foley.generate/],
    [{ class: 'Hiss', envelope: { levels: [Number.NaN] } }, 'bad_args', 'args.envelope.levels.0', /expected a number/],
    [{ class: 'Hiss', envelope: { cues: [{ at: -1 }] } }, 'bad_args', 'args.envelope.cues.0.at', /at least 0/],
    [{ class: 'Hiss', envelope: { clip: 'nothing' } }, 'unknown_clip', undefined, /no clip "nothing" for envelope/],
    [{ class: 'Hiss', envelope: drawn, density: 2 }, 'bad_args', 'args.density', /one of the two/],
    [{ class: 0, voice: 'tiny-time', envelope: drawn }, 'bad_args', 'args.envelope', /follows none/],
    [
      { class: 'Hiss', changes: Array.from({ length: 700 }, (_, step) => ({ step, envelope: minute })) },
      'bad_args',
      'args.changes',
      /count as 11200 changes; expected at most 10000/,
    ],
    [{ class: 'Hiss', changes: [{ step: 1, envelope: {} }] }, 'bad_args', 'args.changes.0.envelope', /expected one of/],
    [{ class: 'Hiss', voice: 'nobody' }, 'unknown_voice'],
    [{ class: 'Hiss', level: Number.NaN }, 'bad_args', 'args.level'],
    [{ class: 'Hiss', temperature: Number.POSITIVE_INFINITY }, 'bad_args', 'args.temperature'],
    [{ class: 'Hiss', ahead: 1e9 }, 'bad_args', 'args.ahead'],
    [{ class: 'Hiss', live: false }, 'bad_args', 'args.seconds'],
    [{ class: 'Hiss', live: false, seconds: 80_000 }, 'bad_args', 'args.seconds'],
    [
      {
        class: 'Hiss',
        changes: [
          { step: 5, level: 1 },
          { step: 4, level: 1 },
        ],
      },
      'bad_args',
      'args.changes.1.step',
    ],
    [{ class: 'Hiss', changes: [{ step: 5, class: 'Unicorn' }] }, 'unknown_class', 'args.changes.0.class'],
    [{ class: 'Hiss', changes: [{ step: -1 }] }, 'bad_args'],
  ] as [Record<string, unknown>, string, string?, RegExp?][])
    await assert.rejects(call('stream.start', args), fails(code, at, why));
  const playing = await start(live);
  for (const args of [{}, { level: Number.NaN }, { class: {} }, { temperature: -1 }, { guidance: 99 }, { level: 41 }])
    await assert.rejects(call('stream.set', { stream: playing.id, ...args }), fails('bad_args'));
  await assert.rejects(
    call('stream.set', { stream: playing.id, class: 'Unicorn' }),
    fails('unknown_class', 'args.class'),
  );
  for (const stream of ['', '0'.repeat(16), `${playing.id} `, '__proto__'])
    for (const [cmd, more] of [
      ['stream.set', { level: 0 }],
      ['stream.stop', {}],
      ['stream.keep', { seconds: 1 }],
    ] as const)
      await assert.rejects(call(cmd, { stream, ...more }), fails(stream === '' ? 'bad_args' : 'unknown_stream'));
  for (const seconds of [0, -1, Number.NaN, 1e6])
    await assert.rejects(call('stream.keep', { stream: playing.id, seconds }), fails('bad_args', 'args.seconds'));
  await playing.chunks(2);
  await call('stream.stop', { stream: playing.id });
  await playing.done;
  await assert.rejects(call('stream.stop', { stream: playing.id }), fails('unknown_stream'));
  assert.deepEqual(playing.changes, []);
});

test('a stream ends as cancelled when its request is cancelled', async () => {
  const client = app.connect();
  const answers: Answer[] = [];
  client.onAnswer((answer) => void answers.push(answer));
  client.send({ id: 's', cmd: 'stream.start', args: live });
  while (!answers.some(({ event }) => event === 'audio')) await soon();
  await client.call('foley.cancel', { request: 's' });
  while (!answers.some(({ id, event }) => id === 's' && event === 'failed')) await soon();
  const ends = answers.filter(({ id, event }) => id === 's' && (event === 'failed' || event === 'done'));
  assert.deepEqual(
    ends.map(({ data: { code } }) => code),
    ['cancelled'],
  );
});
