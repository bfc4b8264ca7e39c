/** A server that was killed while its engine was still loading left that engine behind, for ever. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

/** Forks a process as the server does, tells its number, and is gone at once. */
const server = (entry: URL): string => `
  import { fork } from 'node:child_process';
  import { writeSync } from 'node:fs';
  const options = { execArgv: ['--import', ${JSON.stringify(import.meta.resolve('tsx'))}], serialization: 'advanced', stdio: 'ignore' };
  const child = fork(new URL(${JSON.stringify(entry.href)}), ['1', 'cpu', '512'], { ...options, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  writeSync(1, String(child.pid));
  process.kill(process.pid, 'SIGKILL');
`;

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

for (const name of ['child', 'encoder-child', 'checker-child']) {
  test(`${name}.ts leaves when its server is killed while it loads`, async (t) => {
    const script = server(new URL(`../../engine/process/${name}.ts`, import.meta.url));
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const chunk of parent.stdout.setEncoding('utf8')) said += chunk;
    const pid = Number(said);
    assert.ok(pid > 0, said);
    t.after(() => isThere(pid) && process.kill(pid, 'SIGKILL'));
    for (let waited = 0; isThere(pid); waited += 100) {
      assert.ok(waited < 60_000, `process ${pid} is still there`);
      await wait(100);
    }
  });
}
