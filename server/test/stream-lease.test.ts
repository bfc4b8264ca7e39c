/** Streams of OSC clients, whose end nobody sees. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type App, createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { connectOsc } from './support/osc-client.ts';

type TestOsc = Awaited<ReturnType<typeof connectOsc>>;

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-stream-lease-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
const word = (value: string) => ({ type: 'string', value }) as const;
const number = (value: number) => ({ type: 'float', value }) as const;

async function serve(limits: Record<string, number>, of = data): Promise<App> {
  const where = {
    data: of,
    models,
    voice: 'tiny-stacked',
    port: 0,
    oscPort: 0,
    output: 'none',
    logLevel: 'silent',
  } as const;
  return createApp(resolveConfig({ ...where, limits: { drainMs: 0, ...limits } }, {}));
}

let app: App;
before(async () => {
  app = await serve({ streamQuietMs: 6000 });
  // Engine and output are there: what follows sounds well within its lease.
  await app.connect().call('stream.start', { class: 'Hiss', seconds: 0.3, play: true, audio: false });
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

const call = (cmd: string, args: Record<string, unknown>) => app.connect().call(cmd, args);
const sounding = async (): Promise<number> =>
  ((await call('server.info', {})) as { playback: { voices: { active: number } } | null }).playback?.voices.active ?? 0;
const oscOf = (of: App): string => `osc.udp://127.0.0.1:${of.ports.osc}`;
const told = async (client: TestOsc, address: string, first: string): Promise<unknown[]> =>
  (await client.message((heard) => heard.address === address && heard.args[0] === first)).args;

test('a stream of a client that fell silent ends, and says why', async (t) => {
  const [silent, heard, named] = await Promise.all([connectOsc(app), connectOsc(app), connectOsc(app)]);
  t.after(() => Promise.all([silent, heard, named].map((one) => one.close())));
  const ends: string[] = [];
  for (const [id, client] of Object.entries({ silent, heard, named })) {
    client.send('/foley/stream/start', word(id), word('Hiss'), word('as'), word(id));
    await told(client, '/foley/stream/started', id);
    void told(client, '/foley/stream/done', id).then(() => ends.push(id));
  }
  const alive = setInterval(() => {
    heard.send('/foley/ping', word('here'));
    // Of anybody: a controller that sends each message from a port of its own is heard by what it does.
    void call('stream.set', { stream: 'named', level: -3 }).catch(() => undefined);
  }, 200);
  t.after(() => clearInterval(alive));
  const [, stream, , gaps, ended] = await told(silent, '/foley/stream/done', 'silent');
  assert.deepEqual([stream, gaps === undefined, ended], ['silent', false, 'quiet']);

  await wait(2000);
  assert.deepEqual(ends, ['silent']);
  for (const [id, client] of Object.entries({ heard, named })) {
    client.send('/foley/stream/stop', word(id));
    assert.equal((await told(client, '/foley/stream/done', id)).length, 4, 'a stop is no other ending');
  }
});

test('oscsend leaves at once: its stream ends after its lease, or goes on where it asked for none', {
  skip: spawnSync('which', ['oscsend']).status === 0 ? false : 'liblo-tools not installed',
}, async () => {
  const oscsend = (...words: string[]): void => {
    assert.equal(spawnSync('oscsend', [oscOf(app), ...words]).status, 0);
  };
  // Those of the tests before are counted, too.
  while ((await sounding()) > 0) await wait(20);
  oscsend('/foley/stream/start', 'ssss', 's1', 'Hiss', 'as', 'left');
  oscsend('/foley/stream/start', 'sssssf', 's2', 'Hiss', 'as', 'stays', 'lease', '0');
  while ((await sounding()) < 2) await wait(20);
  while ((await sounding()) > 1) await wait(20);
  await wait(1000);
  assert.equal(await sounding(), 1);
  await assert.rejects(call('stream.stop', { stream: 'left' }), { code: 'unknown_stream' });
  oscsend('/foley/stream/stop', 's', 'stays');
  while ((await sounding()) > 0) await wait(20);
});

test('a server that allows no stream without a lease says so, and connections whose end is seen need none', async (t) => {
  const strict = await serve({ streamQuietMs: 100, streamUnleased: 0 }, path.join(data, 'strict'));
  t.after(() => strict.close());
  const client = await connectOsc(strict);
  t.after(() => client.close());
  client.send('/foley/stream/start', word('s'), word('Hiss'), word('lease'), number(0));
  assert.equal((await told(client, '/foley/failed', 's'))[1], 'bad_args');
  client.send('/foley/stream/start', word('longer'), word('Hiss'), word('lease'), number(1.5));
  const begun = performance.now();
  assert.equal((await told(client, '/foley/stream/done', 'longer'))[4], 'quiet');
  // Its own lease counts, not the server's.
  assert.ok(performance.now() - begun >= 1500);
  const done = await strict.connect().call('stream.start', { class: 'Hiss', seconds: 1, ahead: 0.3 });
  assert.ok(!('ended' in done));
});
