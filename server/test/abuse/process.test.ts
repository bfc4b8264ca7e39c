import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jsonCodec } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { program } from '../../util/program.ts';
import { wakeAll } from '../support/client.ts';
import { temporary } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixtures = path.join(root, 'models', 'fixtures');

interface Running {
  child: ChildProcess;
  log: Record<string, unknown>[];
  text: () => string;
  exit: Promise<number | null>;
  /** Resolves with the first line of the log of which this holds. */
  line: (is: (line: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>>;
}

/** The server as a process of its own, with the fixture voice and the real engine. */
async function start(t: TestContext, flags: string[], models = fixtures): Promise<Running> {
  const data = await temporary(t);
  const defaults = ['--models', models, '--voice', 'tiny', '--data', data, '--port', '0', '--osc-port', '0'];
  const { file, execArgv } = program(new URL('../../main.ts', import.meta.url));
  const child = spawn(process.execPath, [...execArgv, file, ...defaults, ...flags], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const log: Record<string, unknown>[] = [];
  let text = '';
  let rest = '';
  const wake = new Set<() => void>();
  child.stderr?.on('data', (chunk) => {
    text += String(chunk);
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as (typeof log)[0]);
    wakeAll(wake);
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  let ended = false;
  void exit.then(() => {
    ended = true;
    wakeAll(wake);
  });
  const line: Running['line'] = async (is) => {
    for (;;) {
      const found = log.find(is);
      if (found !== undefined) return found;
      if (ended) assert.fail(`the server ended first:\n${text}`);
      await new Promise<void>((resolve) => wake.add(resolve));
    }
  };
  return { child, log, text: () => text, exit, line };
}

const listening = async ({ line }: Running): Promise<App> => {
  const { http, ws, osc } = await line(({ msg }) => /is listening$/.test(String(msg)));
  return { urls: { http, ws, osc } } as unknown as App;
};

test('port 0 picks a port and says which; SIGTERM ends the server with 0', { skip: noSignals() }, async (t) => {
  const server = await start(t, []);
  const client = await connectWs(await listening(server), jsonCodec);
  const asked = client.ask('foley.generate', { class: 0, seed: 3 });
  assert.equal((await asked.end).event, 'done', JSON.stringify((await asked.end).data));
  assert.equal(asked.answers.filter(({ event }) => event === 'row').length, 8);
  const closed = once(client.socket, 'close');
  server.child.kill('SIGTERM');
  assert.equal((await closed)[0], 1001);
  assert.equal(await server.exit, 0);
});

test('a job that is open when the terminal of the server is closed is finished first', {
  skip: noSignals(),
}, async (t) => {
  const server = await start(t, []);
  const client = await connectWs(await listening(server), jsonCodec);
  const asked = client.ask('foley.generate', { class: 0, seed: 3, count: 20 });
  await asked.first('row');
  server.child.kill('SIGHUP');
  assert.equal((await asked.end).event, 'done');
  assert.equal(await server.exit, 0);
});

test('a port in use is told with its number and code, and the process ends with 3', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const server = await start(t, ['--port', String(port)]);
  assert.equal(await server.exit, 3);
  const line = server.log.find(({ code }) => code === 'port_in_use');
  assert.match(String(line?.msg), new RegExp(`port ${port} .*--port`));
});

test('settings that cannot work are told in one line and end the process with 2', async (t) => {
  for (const [flags, text] of [
    [['--port', '99999'], /--port/],
    [['--host', '0.0.0.0'], /--token/],
    [['--nonsense', '1'], /nonsense/],
  ] as const) {
    const server = await start(t, [...flags]);
    assert.equal(await server.exit, 2);
    assert.match(server.text(), text);
    assert.ok(!server.text().includes('    at '), 'no stack');
  }
});

test('a corrupt voice does not keep the server from starting, and is told in the log and to who asks', async (t) => {
  const models = path.join(await temporary(t), 'models');
  await cp(fixtures, models, { recursive: true });
  await truncate(path.join(models, 'tiny', 'row.onnx'), 1000);
  const server = await start(t, [], models);
  const app = await listening(server);
  assert.match(String((await server.line(({ level }) => level === 50)).msg), /voice_corrupt/);
  const client = await connectWs(app, jsonCodec);
  assert.equal((await client.ask('foley.generate', { class: 0 }).end).data.code, 'voice_corrupt');
  assert.equal((await client.ask('foley.generate', { class: 0, voice: 'tiny-time' }).end).event, 'done');
  const health = (await (await fetch(`${app.urls.http}/health`)).json()) as Record<string, unknown>;
  assert.equal(health.status, 'degraded');
  await client.close();
});

test('an engine that is killed fails the job it made alone, and makes the next', { skip: noSignals() }, async (t) => {
  const { app, client, kill } = await withEngine(t);
  // A fixture's clip is quickly made: until one is interrupted.
  for (;;) {
    const asked = client.ask('foley.generate', { class: 0 });
    await asked.first('row');
    await kill();
    const { event, data } = await asked.end;
    if (event === 'done') continue;
    assert.equal(data.code, 'engine_crashed');
    break;
  }
  assert.equal((await client.ask('foley.generate', { class: 0 }).end).event, 'done');
  await client.close();
  assert.ok(app.urls.http);
});

test('clips that an engine made together when it was killed are made again, row for row', {
  skip: noSignals(),
}, async (t) => {
  const { client, kill } = await withEngine(t);
  const known = await client.ask('foley.generate', { class: 0, seed: 1, count: 64, rows: true }).end;
  const rows: number[] = [];
  const asked = client.ask('foley.generate', { class: 0, seed: 1, count: 64, rows: true });
  await asked.first('row');
  await kill();
  const end = await asked.end;
  for (const { event, data } of asked.answers) if (event === 'row' && data.index === 0) rows.push(data.row as number);
  assert.equal(end.event, 'done');
  const seeds = (of: typeof end): unknown[] => (of.data.clips as { seed: number }[]).map(({ seed }) => seed);
  assert.deepEqual(seeds(end), seeds(known));
  assert.deepEqual(rows, [...new Set(rows)], 'no row is told twice');
  await client.close();
});

/** Windows has no SIGTERM to send to a process. */
function noSignals(): string | false {
  return process.platform === 'win32' ? 'Windows sends no signals' : false;
}

/** A server with one warm engine process, a client of it, and the way to kill the engine. */
async function withEngine(t: TestContext) {
  const server = await start(t, ['--lanes', '1']);
  const app = await listening(server);
  const client = await connectWs(app, jsonCodec);
  await client.ask('foley.generate', { class: 0 }).end;
  const kill = async (): Promise<void> => {
    const other = await connectWs(app, jsonCodec);
    const { data } = await other.ask('server.info').end;
    process.kill((data.engine as { pid: number }).pid, 'SIGKILL');
    await other.close();
  };
  return { app, client, kill };
}
