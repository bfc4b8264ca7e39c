/** Streams over HTTP, by curl, as a shell pipes them into players. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Answer, decodePcm } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { readRecipe } from '../audio/recipe.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';

const has = (program: string): boolean => spawnSync('which', [program], { stdio: 'ignore' }).status === 0;
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-stream-http-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
let app: App;
before(async () => {
  const limits = { drainMs: 0, streams: 2, stuckBytes: 2 ** 20 };
  const where = { data, models, voice: 'tiny-stacked', port: 0, oscPort: null, output: 'none', limits } as const;
  app = await createApp(resolveConfig({ ...where, logLevel: 'silent' }, {}));
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

interface Curl {
  child: ChildProcess;
  /** What has come so far. */
  bytes: () => Buffer;
  ended: Promise<number | null>;
}

function curl(t: TestContext, cmd: string, args: Record<string, unknown>, ...options: string[]): Curl {
  const child = spawn('curl', ['-sN', ...options, '-d', JSON.stringify(args), `${app.urls.http}/v1/${cmd}`]);
  t.after(() => child.kill('SIGKILL'));
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, bytes: () => Buffer.concat(parts) };
}

/** Until so much of a stream came; one that was refused would never send it. */
async function came({ child, bytes }: Curl, count: number): Promise<void> {
  for (; bytes().length < count; await wait(10))
    assert.equal(child.exitCode, null, `curl ended: ${bytes().toString('latin1', 0, 300)}`);
}

async function answerOf(t: TestContext, cmd: string, args: Record<string, unknown>, ...options: string[]) {
  const one = curl(t, cmd, args, '-w', '%{http_code}', ...options);
  await one.ended;
  const text = one.bytes().toString();
  return { status: Number(text.slice(-3)), ...(JSON.parse(text.slice(0, -3)) as Pick<Answer, 'event' | 'data'>) };
}

/** The same by a connection that is told everything. */
async function heard(args: Record<string, unknown>): Promise<Float32Array> {
  const parts: number[] = [];
  await app.connect().call('stream.start', args, ({ event, data: told }) => {
    if (event === 'audio') parts.push(...decodePcm(told.pcm as Uint8Array, 'f32'));
  });
  return Float32Array.from(parts);
}

const short = { class: 'Hiss', seed: 3, seconds: 0.9, live: false };

test('a body that begins with a byte order mark is read as any other', async () => {
  const body = `\uFEFF${JSON.stringify({ ...short, format: 's16' })}`;
  const response = await fetch(`${app.urls.http}/v1/stream.start`, { method: 'POST', body });
  assert.deepEqual([response.status, response.headers.get('foleyd-format')], [200, 's16']);
  assert.deepEqual(decodeWav(Buffer.from(await response.arrayBuffer())).pcm.length, (await heard(short)).length);
});

describe('streams over HTTP', { skip: has('curl') ? false : 'curl not installed' }, () => {
  test('a POST answers with the sound as a WAV, which says what made it', async (t) => {
    const one = curl(t, 'stream.start', short, '-D', path.join(data, 'head'));
    assert.equal(await one.ended, 0);
    const expected = await heard(short);
    const { pcm, rate, info } = decodeWav(one.bytes());
    assert.deepEqual([pcm, rate], [expected, 22_050]);
    const { stream } = readRecipe(info.comment!) as { stream: { args: Record<string, unknown> } };
    assert.deepEqual(await heard(stream.args), expected);
    const head = spawnSync('cat', [path.join(data, 'head')], { encoding: 'utf8' }).stdout;
    assert.match(head, /^content-type: audio\/wav\r$/im);
    assert.match(head, /^transfer-encoding: chunked\r$/im);
    assert.match(head, /^foleyd-stream: [0-9a-f]{16}\r$/im);
    for (const [name, value] of Object.entries({ seed: 3, class: 'Hiss', rate: 22050, format: 'f32' }))
      assert.match(head, new RegExp(`^foleyd-${name}: ${value}\\r$`, 'im'));
  });

  test('bare samples are the same, in the format that was asked for', async (t) => {
    const expected = await heard(short);
    for (const format of ['f32', 's16'] as const) {
      const one = curl(t, 'stream.start', { ...short, format }, '-H', 'Accept: application/octet-stream');
      assert.equal(await one.ended, 0);
      const pcm = decodePcm(one.bytes(), format);
      assert.equal(pcm.length, expected.length);
      const most = pcm.reduce((sum, x, i) => Math.max(sum, Math.abs(x - Math.max(-1, Math.min(1, expected[i]!)))), 0);
      assert.ok(format === 'f32' ? most === 0 : most < 1e-4, `${format}: off by ${most}`);
    }
  });

  test('further requests change, keep and end a stream that another one hears', async (t) => {
    const one = curl(t, 'stream.start', { class: 'Hiss', as: 'rain', ahead: 0.3 });
    await came(one, 20_000);
    assert.equal(
      (await answerOf(t, 'stream.set', { stream: 'rain', level: -60, class: { Hiss: 1, Beep: 1 } })).event,
      'done',
    );
    const changed = one.bytes().length;
    await came(one, changed + 80_000);
    const kept = await answerOf(t, 'stream.keep', { stream: 'rain', seconds: 0.3 });
    assert.match(String(kept.data.clip), /^[0-9a-f]{16}$/);
    assert.equal((await answerOf(t, 'stream.stop', { stream: 'rain' })).event, 'done');
    assert.equal(await one.ended, 0);
    const { pcm } = decodeWav(one.bytes());
    const loudest = (from: number, to: number): number =>
      pcm.subarray(from, to).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    assert.ok(loudest(pcm.length - 4000, pcm.length) < loudest(0, 4000) / 100, 'the level is heard');
  });

  test('a client that hangs up ends its stream, and one that does not read is let go', async (t) => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const one = curl(t, 'stream.start', { class: 'Hiss', as: 'left' });
      await came(one, 1000);
      one.child.kill(signal);
      await one.ended;
      for (;;) if ((await answerOf(t, 'stream.stop', { stream: 'left' })).data.code === 'unknown_stream') break;
    }
    const socket = connect(Number(new URL(app.urls.http!).port), '127.0.0.1');
    t.after(() => socket.destroy());
    const body = JSON.stringify({ class: 'Hiss', as: 'stuck', seconds: 3600, live: false });
    socket.write(`POST /v1/stream.start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    socket.pause();
    let began = false;
    for (;;) {
      const { event } = await answerOf(t, 'stream.set', { stream: 'stuck', level: 0 });
      if (began && event === 'failed') break;
      began ||= event === 'done';
      await wait(20);
    }
  });

  test('what cannot begin is answered as everywhere', async (t) => {
    for (const [args, status, code] of [
      [{ class: 'Unicorn' }, 404, 'unknown_class'],
      [{ class: 'Hiss', level: 'loud' }, 400, 'bad_args'],
      [{ class: 'Hiss', revise: true }, 400, 'bad_args'],
      [{ class: 0, voice: 'tiny' }, 409, 'not_streamable'],
    ] as const) {
      const failed = await answerOf(t, 'stream.start', args);
      assert.deepEqual([failed.status, failed.event, failed.data.code], [status, 'failed', code]);
    }
    const ogg = await answerOf(t, 'stream.start', short, '-H', 'Accept: audio/ogg');
    assert.deepEqual([ogg.status, ogg.data.code, ogg.data.path], [400, 'bad_args', 'Accept']);
    const playing = [
      curl(t, 'stream.start', { class: 'Hiss', as: 'a' }),
      curl(t, 'stream.start', { class: 'Hiss', as: 'b' }),
    ];
    for (const one of playing) await came(one, 1000);
    const third = await answerOf(t, 'stream.start', { class: 'Hiss' });
    assert.deepEqual([third.status, third.data.code], [503, 'too_many_streams']);
    for (const stream of ['a', 'b']) await answerOf(t, 'stream.stop', { stream });
    for (const one of playing) assert.equal(await one.ended, 0);
  });

  for (const [program, line] of [
    ['sox', 'sox -t wav - -t raw -e floating-point -b 32 -'],
    ['ffmpeg', 'ffmpeg -v error -i - -f f32le -'],
  ] as const)
    test(`${program} reads a stream while it is made`, {
      skip: has(program) ? false : `${program} not installed`,
    }, async (t) => {
      const shell = spawn(
        'sh',
        [
          '-c',
          `curl -sN -d '${JSON.stringify({ class: 'Hiss', as: program })}' ${app.urls.http}/v1/stream.start | ${line}`,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      t.after(() => shell.kill('SIGKILL'));
      const closed = once(shell, 'close');
      let bytes = 0;
      shell.stdout.on('data', (part: Buffer) => (bytes += part.length));
      while (bytes < 4 * 11_025) await wait(10);
      const before = bytes;
      await answerOf(t, 'stream.stop', { stream: program });
      await closed;
      assert.ok(before > 0 && bytes >= before && bytes % 4 === 0);
    });
});
