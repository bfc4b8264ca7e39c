import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { prepare } from '../scripts/python.mjs';
import { decodeWav } from '../server/audio/wav.ts';
import { type Served, type Workplace, workplace } from '../server/cli/test/bin.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Longer than any of them takes on a busy machine; one that hangs is ended and its output shown. */
const PATIENCE_MS = 120_000;

interface Stage extends Workplace {
  server: Served;
  /** Runs a program where the example's variables lead to the server; gives what it printed. */
  run(file: string, args: string[], expect?: number): Promise<string>;
}

/** A server with the small voice on ports of its own; each example has its own, since `/foley/reply` is per machine. */
async function stage(t: TestContext): Promise<Stage> {
  const place = await workplace(t);
  const server = await place.serve();
  Object.assign(place.env, { FOLEYD_URL: server.ws, FOLEYD_OSC_PORT: new URL(server.osc).port });
  return {
    ...place,
    server,
    async run(file, args, expect = 0) {
      const child = spawn(file, args, {
        cwd: place.dir,
        env: place.env,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: PATIENCE_MS,
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, expect, output);
      return output;
    },
  };
}

/** The clip that an example says it has is a sound of the voice. */
async function assertClip(output: string, dir: string): Promise<void> {
  const said = /done: (.+?), (\d+\.\d+) s/.exec(output);
  assert.ok(said?.[1], output);
  const { pcm, rate } = decodeWav(await readFile(path.resolve(dir, said[1])));
  assert.deepEqual([rate, pcm.length, said[2]], [22_050, 6144, '0.28']);
  assert.ok(pcm.some((value) => value !== 0));
}

/** Every row once and in order. */
function assertRows(output: string): void {
  const rows = [...output.matchAll(/^\D*row:? (\d+) (?:of )?8\s*$/gm)].map((match) => Number(match[1]));
  assert.deepEqual(rows, [1, 2, 3, 4, 5, 6, 7, 8], output);
}

async function freeUdpPort(): Promise<string> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return String(port);
}

/** A reason to skip when a program is not installed. */
function lacks(...programs: string[]): string | false {
  const missing = programs.filter((name) => spawnSync(name, ['-h'], { stdio: 'ignore', timeout: 10_000 }).error);
  return missing.length > 0 ? `${missing.join(' and ')} not installed` : false;
}

test('node: the client over WebSocket', async (t) => {
  const { run, dir } = await stage(t);
  const output = await run(process.execPath, [
    '--import',
    import.meta.resolve('tsx'),
    path.join(here, 'node/generate.ts'),
    'DogBark',
    'bark.wav',
  ]);
  assertRows(output);
  assert.match(output, /preview of 1 codebooks, 6144 samples/);
  await assertClip(output, dir);
});

test('node: osc-js', async (t) => {
  const { run, dir } = await stage(t);
  const output = await run(process.execPath, [path.join(here, 'node/osc.mjs'), 'rain', '7']);
  assert.match(output, /accepted as .+, seed 7/);
  assertRows(output);
  await assertClip(output, dir);
  const failed = await run(process.execPath, [path.join(here, 'node/osc.mjs'), 'Unicorn'], 1);
  assert.match(failed, /failed: unknown_class: /);
});

test('python: websockets with JSON and with msgpack, and python-osc', async (t) => {
  const env = await prepare(path.join(here, 'python'), "installing the examples' Python packages");
  if ('why' in env) {
    assert.ok(!process.env.CI, env.why);
    return t.skip(env.why);
  }
  const { run, dir } = await stage(t);
  const json = await run(env.python, [path.join(here, 'python/generate.py'), 'DogBark', 'json.wav']);
  assertRows(json);
  await assertClip(json, dir);
  const msgpack = await run(env.python, [path.join(here, 'python/generate_msgpack.py'), 'DogBark', 'msgpack.wav']);
  assert.match(msgpack, /preview of 1 codebooks, 6144 samples/);
  await assertClip(msgpack, dir);
  assert.deepEqual(await readFile(path.join(dir, 'msgpack.wav')), await readFile(path.join(dir, 'json.wav')));
  const osc = await run(env.python, [path.join(here, 'python/osc.py'), 'Rain', '7']);
  assertRows(osc);
  await assertClip(osc, dir);
  const pads = await run(env.python, [path.join(here, 'python/pads.py'), 'Rain', 'GunShot']);
  assert.match(pads, /ready: pad0, pad1/);
  assert.equal(
    pads.match(/pad[01] plays a clip from (pool|again|generated), seed \d+, [\d.]+ ms late/g)?.length,
    4,
    pads,
  );
  const failed = await run(env.python, [path.join(here, 'python/osc.py'), 'Unicorn'], 1);
  assert.match(failed, /failed: unknown_class: /);
});

test('liblo: oscsend asks and oscdump hears', { skip: lacks('oscsend', 'oscdump', 'sh') }, async (t) => {
  const { run, dir, env } = await stage(t);
  env.FOLEYD_REPLY_PORT = await freeUdpPort();
  const output = await run('sh', [path.join(here, 'liblo/foley.sh'), 'Rain']);
  assert.equal(output.match(/\/foley\/row sii /g)?.length, 8, output);
  const done = /\/foley\/done ssfs "liblo-\d+" "(.+)" ([\d.]+) "[0-9a-f]{16}"/.exec(output);
  await assertClip(`done: ${done?.[1]}, ${Number(done?.[2]).toFixed(2)} s`, dir);
});

test('supercollider: sclang without a window', { skip: lacks('sclang') }, async (t) => {
  const { run, dir, env } = await stage(t);
  // Its class library asks Qt for a window system, and Qt's browser refuses to run as root with its sandbox.
  Object.assign(env, {
    QT_QPA_PLATFORM: 'offscreen',
    QTWEBENGINE_DISABLE_SANDBOX: '1',
    HOME: dir,
    XDG_RUNTIME_DIR: dir,
  });
  const output = await run('sclang', ['-u', await freeUdpPort(), path.join(here, 'supercollider/foley.scd'), 'Rain']);
  assertRows(output);
  assert.match(output, /6144 frames at 22050(\.0)? Hz/);
  await assertClip(output, dir);
  const failed = await run(
    'sclang',
    ['-u', await freeUdpPort(), path.join(here, 'supercollider/foley.scd'), 'Unicorn'],
    1,
  );
  assert.match(failed, /failed: unknown_class: /);
});

test('puredata: the patch without a window', { skip: lacks('pd') }, async (t) => {
  const { run, server } = await stage(t);
  const ask = async (what: string) => {
    const send = `foley-test ${what} ${await freeUdpPort()} ${new URL(server.osc).port}`;
    return run('pd', ['-nogui', '-noaudio', '-stderr', '-open', path.join(here, 'puredata/test.pd'), '-send', send]);
  };
  const output = await ask('Rain');
  assert.equal(output.match(/^row: pd1 \d+ 8\s*$/gm)?.length, 8, output);
  assert.match(output, /^loaded: 6144\s*$/m);
  assert.match(await ask('Unicorn'), /^failed: pd1 unknown_class /m);
});
