/** A server that was killed while its engine was still loading, or was stopped, left that engine behind, for ever. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { endsOrphans } from '../../util/start-child.ts';

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
    await leaves(t, ['-e', server(new URL(`../../engine/process/${name}.ts`, import.meta.url))]);
  });
}

/** Starts a process as the server does, stops it once it works, tells its number, and is gone. */
const stopping = (start: string): string => `
  import { writeSync } from 'node:fs';
  const leave = (pid) => {
    process.kill(pid, 'SIGSTOP');
    writeSync(1, String(pid));
    process.kill(process.pid, 'SIGKILL');
  };
  ${start}
`;
const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

const kinds = {
  'an engine': `
    const { startProcess } = await import(${here('../../engine/process/spawn.ts')});
    const engine = startProcess({ threads: 1, provider: 'cpu', voiceMemory: 1 },
      { onMessage: () => leave(engine.pid), onLine: () => undefined, onExit: () => process.exit(1) });`,
  'a task process': `
    const { TaskProcess } = await import(${here('../../engine/process/task-process.ts')});
    const task = new TaskProcess({ entry: new URL(${here('../support/task-child.ts')}), name: 'a task' });
    await task.ask({ is: 'answer' });
    leave(task.pid);`,
};

for (const [kind, start] of Object.entries(kinds)) {
  test(`${kind} that is stopped leaves when its server is killed`, {
    skip: !endsOrphans() && 'setpriv of util-linux is not here',
  }, async (t) => {
    await leaves(t, ['--import', import.meta.resolve('tsx'), '-e', stopping(start)]);
  });
}

/** The process whose number a script prints before it is killed is gone soon after. */
async function leaves(t: TestContext, args: string[]): Promise<void> {
  const parent = spawn(process.execPath, ['--input-type=module', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of parent.stdout.setEncoding('utf8')) said += chunk;
  const pid = Number(said);
  assert.ok(pid > 0, said);
  t.after(() => isThere(pid) && process.kill(pid, 'SIGKILL'));
  for (let waited = 0; isThere(pid); waited += 100) {
    assert.ok(waited < 60_000, `process ${pid} is still there`);
    await wait(100);
  }
}
