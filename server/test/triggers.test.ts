/** Maps, pools and hits from a client's side: a server without a sound card, a voice of noise. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fromBuffer, toBuffer } from 'osc-min';
import { msToTimetag } from '../../protocol/codecs/timetag.ts';
import { decodePcm, type EventData, oscMessage, ProtocolError } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import { failed } from './support/failed.ts';

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-triggers-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
const record = path.join(data, 'played.wav');
const open = () => {
  const ports = { port: 0, oscPort: 0, output: 'none', record };
  return createApp(resolveConfig({ data, models, voice: 'tiny', logLevel: 'silent', ...ports }, {}));
};
let app: App;
before(async () => {
  app = await open();
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

const call = (cmd: string, args: Record<string, unknown> = {}) => app.connect().call(cmd, args);
const list = async () => (await call('trigger.list')) as EventData<'trigger.list', 'done'>;
const fire = async (args: Record<string, unknown>) =>
  (await call('trigger.fire', args)) as EventData<'trigger.fire', 'done'>;

async function full(): Promise<void> {
  while ((await list()).pools.some(({ ready, want }) => ready < want)) await wait(10);
}

/** A client of OSC: sends, and collects what comes back. */
function oscClient() {
  // A test that fails before it closes its client must not keep the process.
  const socket = createSocket('udp4').unref();
  const heard: { address: string; args: unknown[] }[] = [];
  socket.on('message', (bytes) => {
    const message = fromBuffer(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as {
      address: string;
      args: { value: unknown }[];
    };
    heard.push({ address: message.address, args: message.args.map(({ value }) => value) });
  });
  const send = (bytes: Uint8Array): void => socket.send(bytes, app.ports.osc!, '127.0.0.1');
  const answer = async (address: string): Promise<unknown[]> => {
    for (;;) {
      const found = heard.find((message) => message.address === address);
      if (found !== undefined) return found.args;
      await wait(5);
    }
  };
  return { socket, send, heard, answer };
}

test('a map is kept ready, played once each, listed, edited, and there again after a restart', async () => {
  await call('trigger.map', { id: 'rain', class: 'rain', ready: 2, source: { note: 36 } });
  await full();
  const seeds = new Set<number>();
  for (let i = 0; i < 6; i++) {
    const { hits } = await fire({ id: 'rain', velocity: 0.5 });
    assert.equal(hits[0]!.from, 'pool');
    seeds.add(hits[0]!.seed);
    await full();
  }
  assert.equal(seeds.size, 6);
  const before = (await list()).pools[0]!;
  assert.deepEqual([before.played, before.starved], [6, 0]);
  await call('trigger.edit', { id: 'rain', change: { gain: -6, choke: 'wet' } });
  assert.equal((await list()).pools[0]!.ready, 2, 'a change of loudness throws no clip away');
  await call('trigger.edit', { id: 'rain', change: { choke: null } });
  const [kept] = (await list()).maps;
  assert.deepEqual([kept!.gain, kept!.choke], [-6, undefined]);
  await app.close();
  app = await open();
  while ((await list()).maps.length === 0) await wait(10);
  assert.deepEqual((await list()).maps, [kept]);
  await full();
  assert.equal((await fire({ id: 'rain' })).hits.length, 1);
  await call('trigger.stop');
});

test('an address of one’s own plays over OSC, at the time of its bundle; a late one says so', async () => {
  const client = oscClient();
  client.send(oscMessage('/foley/map', 'pad', 'DogBark', 'source', '/pad/1'));
  assert.deepEqual(await client.answer('/foley/mapped'), ['pad']);
  await full();
  const bundle = (ms: number): Uint8Array => {
    const view = toBuffer({
      timetag: [...msToTimetag(ms)] as [number, number],
      elements: [{ address: '/pad/1', args: [{ type: 'float', value: 100 }] }],
    });
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  };
  client.send(bundle(Date.now() + 1500));
  assert.deepEqual((await client.answer('/foley/played')).slice(0, 2), ['pad', 'pool']);
  assert.ok(!client.heard.some(({ address }) => address === '/late'));
  client.send(bundle(Date.now() - 2000));
  const [, late, asked, at] = (await client.answer('/late')) as [string, number, unknown, unknown];
  // An output that is starved is behind the clock that it told last.
  assert.ok(late >= 1000, `${late}`);
  assert.ok(Math.abs(Number(at) - Number(asked) - late) < 2);
  client.send(oscMessage('/pad/2', 1));
  const [echo, code] = await client.answer('/foley/failed');
  assert.deepEqual([echo, code], ['/pad/2', 'unknown_command']);
  client.send(oscMessage('/foley/unmap', 'pad'));
  await client.answer('/foley/unmapped');
  client.socket.close();
  await once(client.socket, 'close');
});

test('a client hears the samples of a hit, faded and cut as the output does it, and the output is silent if it shall be', async () => {
  const sounds = { velocity: 0, length: 0.05, fadeIn: 0.01, fadeOut: 0.02, gain: -6, ready: 2 };
  await call('trigger.map', { id: 'heard', class: 'Rain', ...sounds });
  await full();
  const heardBy = async <E>(cmd: string, args: Record<string, unknown>): Promise<{ parts: E[]; done: unknown }> => {
    const parts: E[] = [];
    const done = await app.connect().call(cmd, args, ({ event, data }) => {
      if (event === 'audio') parts.push(data as E);
    });
    return { parts, done };
  };
  const args = { id: 'heard', audio: true, play: false };
  const { parts, done } = await heardBy<EventData<'trigger.fire', 'audio'>>('trigger.fire', args);
  const [{ seed, from, temperature, guidance }] = (
    done as { hits: [EventData<'trigger.fire', 'done'>['hits'][number]] }
  ).hits;
  const [{ pcm, rate, total, gain, loop }] = parts as [(typeof parts)[number]];
  const { parts: whole } = await heardBy<EventData<'foley.generate', 'audio'>>('foley.generate', {
    class: 'Rain',
    seed,
    temperature,
    guidance,
    rate,
  });
  const made = decodePcm(whole[0]!.pcm, 'f32');
  const got = decodePcm(pcm, 'f32');
  assert.deepEqual([from, parts.length, loop, total, got.length], ['pool', 1, false, Math.round(0.05 * rate), total]);
  assert.ok(Math.abs(gain - 10 ** (-6 / 20)) < 1e-9);
  const [rise, fall] = [0.01 * rate, 0.02 * rate];
  const fade = (i: number): number => Math.min(1, i / rise) * Math.min(1, (total - i) / fall);
  const worst = got.reduce((most, x, i) => Math.max(most, Math.abs(x - made[i]! * fade(i))), 0);
  assert.ok(worst < 1e-5, `off by ${worst}`);
  const both = { osc: '/pad/1', audio: true };
  await assert.rejects(
    call('trigger.fire', both),
    (error) => error instanceof ProtocolError && error.code === 'bad_args',
  );
  await call('trigger.unmap', { id: 'heard' });
});

test('maps go out and in as JSON; what cannot be played is refused with all that came with it', async () => {
  const { maps } = await list();
  const more = { id: 'key', class: { Keyboard: 0.5, Rain: 0.5 }, quantise: 1 };
  assert.deepEqual(await call('trigger.import', { maps: [...maps, more] }), { maps: maps.length + 1 });
  await assert.rejects(
    call('trigger.import', {
      maps: [
        { id: 'x', class: 'Rain' },
        { id: 'y', class: 'Unicorn' },
      ],
    }),
    failed('unknown_class'),
  );
  await assert.rejects(call('trigger.import', { maps: [more, more] }), failed('bad_args'));
  await assert.rejects(
    call('trigger.map', { id: 'x', class: 'Rain', source: { osc: '/foley/hit' } }),
    failed('bad_args'),
  );
  await assert.rejects(call('trigger.map', { id: 'x', class: 'Rain', voice: 'nobody' }), failed('unknown_voice'));
  for (const [change, said] of [
    [{ pan: 3 }, /^args\.change\.pan: expected a number of at most 1$/],
    [{ class: 'Unicorn' }, /^voice tiny has no class "Unicorn"/],
    [{ density: 2 }, /^args\.change\.density: .* draws no loudness contours/],
  ] as const)
    await assert.rejects(call('trigger.edit', { id: 'key', change }), (error) => {
      assert.ok(error instanceof ProtocolError);
      assert.match(error.message, said);
      assert.equal(error.path, `args.change.${Object.keys(change)[0]}`);
      return true;
    });
  await assert.rejects(call('trigger.fire', { id: 'x' }), failed('unknown_map'));
  assert.equal((await list()).maps.length, maps.length + 1);
  const wet = { id: 'wet', class: 'heavy rain' };
  assert.deepEqual(await call('trigger.import', { maps: [wet], replace: true }), {
    maps: 1,
    understood: [{ name: 'heavy rain', class: 'Rain' }],
  });
  assert.deepEqual(await call('trigger.import', { maps: [], replace: true }), { maps: 0 });
});

test('what was played is in the recording, and maps that cannot be read are set aside', async () => {
  await app.close();
  const { pcm, rate } = decodeWav(readFileSync(record));
  assert.equal(rate, 48_000);
  assert.ok(pcm.some((x) => Math.abs(x) > 1e-3));
  const file = path.join(data, 'triggers.json');
  writeFileSync(file, '[{"id":"good","class":"Rain"},{"id":"bad"}]');
  app = await open();
  while ((await list()).maps.length === 0) await wait(10);
  assert.deepEqual(
    (await list()).maps.map(({ id }) => id),
    ['good'],
  );
  await call('trigger.map', { id: 'more', class: 'Rain' });
  assert.equal(JSON.parse(readFileSync(`${file}.broken`, 'utf8')).length, 2, 'what was left out is not lost');
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).length, 2);
  await app.close();
  writeFileSync(file, '{"not');
  app = await open();
  assert.deepEqual((await list()).maps, []);
  await call('trigger.map', { id: 'more', class: 'Rain' });
  assert.equal(readFileSync(`${file}.broken-2`, 'utf8'), '{"not');
});

test('a host tells its transport over OSC, to the fraction of its bundle, and maps wait for its beats', async (t) => {
  const { send, answer, socket } = oscClient();
  t.after(() => socket.close());
  await call('trigger.map', { id: 'bar', class: 'Rain', quantise: 4, ready: 1 });
  t.after(() => call('trigger.unmap', { id: 'bar' }));
  await full();
  const at = Date.now() + 1000.25;
  const args = [1, 240, 2].map((value) => ({ type: 'float' as const, value }));
  const timetag = [...msToTimetag(at)] as [number, number];
  const view = toBuffer({ timetag, elements: [{ address: '/foley/transport', args }] });
  send(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const [playing, tempo] = await answer('/foley/transport');
  assert.deepEqual([playing, tempo], [1, 240]);
  const { hits } = await fire({ id: 'bar' });
  const beats = (hits[0]!.at - at) / 250 + 2;
  assert.ok(Math.abs(beats - Math.round(beats / 4) * 4) < 0.01, `it sounds at beat ${beats}`);
  const state = (await call('transport.set', { playing: false })) as EventData<'transport.set', 'done'>;
  assert.deepEqual([state.playing, state.source], [false, null]);
  await assert.rejects(call('transport.set', { playing: true, tempo: 0 }), /args\.tempo/);
});
