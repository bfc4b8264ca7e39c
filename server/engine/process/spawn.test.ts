import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { EngineEvent } from '../engine.ts';
import { request, voiceDir } from '../fixtures.ts';
import { createEngine } from './pool.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const host = new URL('./pool.ts', import.meta.url).href;

/** A server of another folder that makes clips without end and prints its engine's process. */
function otherServer(cwd: string): ChildProcess {
  const script = `
    import { createEngine } from ${JSON.stringify(host)};
    const engine = createEngine({ threads: 1 });
    await engine.load(${JSON.stringify(voiceDir('tiny'))});
    console.log(engine.info().pid);
    for (let seed = 0; ; seed++)
      await engine.run({ ...${JSON.stringify(request('tiny'))}, seed }, () => undefined).done;`;
  return spawn(process.execPath, ['--import', loader, '--input-type=module', '--eval', script], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // Dead, but in a container whose first process buries nobody.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};

test('an engine starts from any folder, and leaves when its server is killed', { timeout: 300_000 }, async () => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'foleyd-cwd-'));
  const server = otherServer(cwd);
  try {
    const [line] = await once(server.stdout!, 'data');
    const pid = Number(String(line));
    assert.ok(pid > 0 && lives(pid));
    server.kill('SIGKILL');
    await once(server, 'exit');
    while (lives(pid)) await sleep(20);
  } finally {
    server.kill('SIGKILL');
    rmSync(cwd, { recursive: true, force: true });
  }
});

test('everything that comes out of the engine owns its memory', async () => {
  const engine = createEngine({ threads: 1 });
  const owns = (array: Uint16Array | Float32Array): void => {
    assert.ok(array.length > 0);
    assert.equal(array.buffer.byteLength, array.byteLength);
  };
  try {
    const events: EngineEvent[] = [];
    const { codes, pcm } = await engine.run(request('tiny', { previews: true }), (event) => events.push(event)).done;
    for (const event of events) {
      if (event.type === 'row') owns(event.codes);
      if (event.type === 'preview') owns(event.pcm);
    }
    assert.ok(events.some(({ type }) => type === 'preview'));
    owns(codes);
    owns(pcm);
  } finally {
    await engine.close();
  }
});

test('a polite signal to the whole process group does not end the engine under a clip', {
  skip: process.platform === 'win32' && 'Windows has no such signals',
}, async () => {
  const engine = createEngine({ threads: 1 });
  try {
    await engine.load(voiceDir('tiny'));
    const run = engine.run(request('tiny'), (event) => {
      if (event.type !== 'row' || event.row !== 0) return;
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(engine.info().pid!, signal);
    });
    await run.done;
    await engine.run(request('tiny'), () => undefined).done;
    assert.equal(engine.info().restarts, 0);
  } finally {
    await engine.close();
  }
});
