/** Streams and children that are opened before anybody reads or hears them: they leaked, or ended the process. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ProtocolError } from '../../../protocol/index.ts';
import { newServer } from '../support/server.ts';

/** Descriptors of this process that point below a folder. */
const openBelow = (dir: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;

const isLinux = process.platform === 'linux';

test('a refused voice.import leaves no descriptor', { skip: !isLinux && 'counts in /proc' }, async (t) => {
  const { app, data } = await newServer(t);
  const folder = path.join(data, 'voice-uploads', 'u1');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'voice.foleyvoice'), 'no voice at all');
  const client = app.connect('admin');
  for (let i = 0; i < 20; i++)
    await assert.rejects(
      client.call('voice.import', { upload: 'u1', as: 'default' }),
      (error) => error instanceof ProtocolError && error.code === 'already_exists',
    );
  assert.equal(openBelow(data), 0);
});

test('an upload that is removed before its import reads it is an answer, and the server lives', async (t) => {
  const { app, data } = await newServer(t);
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => void faults.push(error);
  process.on('uncaughtException', onFault);
  t.after(() => process.removeListener('uncaughtException', onFault));
  await mkdir(path.join(data, 'voice-uploads', 'empty'), { recursive: true });
  const codes: string[] = [];
  for (const as of ['default', 'other'])
    await app
      .connect('admin')
      .call('voice.import', { upload: 'empty', as })
      .catch((error: ProtocolError) => codes.push(error.code));
  for (let i = 0; i < 20; i++) await turn();
  assert.deepEqual(codes, ['already_exists', 'io_error']);
  assert.deepEqual(faults, []);
});

test('a process that no descriptor is left for fails its work, and the server lives', {
  skip: !isLinux && 'uses ulimit',
}, async () => {
  const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import { openSync } from 'node:fs';
    import { TaskProcess } from ${here('../../engine/process/task-process.ts')};
    import { startProcess } from ${here('../../engine/process/spawn.ts')};
    import { TrainerProcess } from ${here('../../training/process.ts')};
    try { for (;;) openSync('/dev/null'); } catch {}
    const trainer = new TrainerProcess({ file: process.execPath, args: [], env: {} }, [], () => undefined);
    const task = new TaskProcess({ entry: new URL('file:///none.ts'), name: 'a task' });
    const engine = new Promise((resolve) => startProcess({ threads: 1, provider: 'cpu', voiceMemory: 1 },
      { onMessage: () => undefined, onLine: () => undefined, onExit: resolve }));
    const { code, log } = await trainer.ended;
    const failed = await task.ask(1).catch((error) => error.code);
    process.stdout.write(JSON.stringify([code, /EMFILE/.test(log.join()), failed, /EMFILE/.test(await engine)]), () => process.exit(0));
  `;
  const node = [process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)('sh', ['-c', 'ulimit -n 60; exec "$@"', 'sh', ...node]);
  assert.deepEqual(JSON.parse(stdout), [1, true, 'out_of_resources', true]);
});
