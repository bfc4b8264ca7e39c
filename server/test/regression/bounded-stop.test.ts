/** A server whose engine hung did not end, and one that was stopped twice left a stopped engine and its secret. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { EngineRun } from '../../engine/engine.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { connectInProcess } from '../support/memory-client.ts';
import { newServer } from '../support/server.ts';

/** Ends no clip, whoever cancels it, until it is closed. */
class HungEngine extends ScriptedEngine {
  #rejects: ((error: Error) => void)[] = [];

  override run(): EngineRun {
    return {
      done: new Promise((_, reject) => this.#rejects.push(reject)),
      cancel: () => undefined,
      steer: () => undefined,
    };
  }

  override async close(): Promise<void> {
    for (const reject of this.#rejects) reject(Object.assign(new Error('closed'), { code: 'engine_unavailable' }));
    await super.close();
  }
}

test('a server with a hung engine ends, and whoever waits for a clip is told', async (t) => {
  const { app } = await newServer(t, { parts: { engine: new HungEngine(), closeMs: 20 } });
  const asked = connectInProcess(app).ask('foley.generate', { class: 'Rain' });
  await asked.first('accepted');
  await app.close();
  const { event, data } = await asked.end;
  assert.deepEqual([event, data.code], ['failed', 'shutting_down']);
});

test('a process that exits in a hurry leaves no stopped child and no secret', {
  skip: process.platform === 'win32' && 'stops a process by a signal',
}, async (t) => {
  const data = await mkdtemp(path.join(tmpdir(), 'foleyd-test-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import { spawn } from 'node:child_process';
    import { existsSync, writeSync } from 'node:fs';
    import { endWithParent } from ${here('../../util/child-exit.ts')};
    import { writeLocalServer } from ${here('../../network/access/local-secret.ts')};
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    endWithParent(child);
    child.kill('SIGSTOP');
    await writeLocalServer(${JSON.stringify(data)}, { http: 'http://127.0.0.1:1', ws: 'ws://127.0.0.1:1/ws', secret: 's'.repeat(32), certificate: null });
    writeSync(1, String(child.pid) + ' ' + existsSync(${JSON.stringify(path.join(data, 'machine.json'))}));
    process.exit(1);
  `;
  const node = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script]);
  let said = '';
  for await (const chunk of node.stdout.setEncoding('utf8')) said += chunk;
  const [pid, was] = said.split(' ');
  assert.equal(was, 'true', said);
  assert.equal(existsSync(path.join(data, 'machine.json')), false);
  const isThere = (): boolean => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  };
  for (let tries = 0; isThere() && tries < 3000; tries++) await wait(10);
  assert.equal(isThere(), false);
});
