import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestTask } from '../../test/support/task-child.ts';
import { type Asker, TaskProcess, type TaskProcessOptions } from './task-process.ts';

const entry = new URL('../../test/support/task-child.ts', import.meta.url);

function open(t: TestContext, options: Partial<TaskProcessOptions> = {}) {
  const tasks = new TaskProcess({ entry, name: 'the test', ...options });
  t.after(() => tasks.close());
  const order: string[] = [];
  const ask = (name: string, task: TestTask = { is: 'answer' }, asker: Asker | null = asked(name)): Promise<string> =>
    tasks.ask(task, asker).then(
      () => {
        order.push(name);
        return 'done';
      },
      (error: { code?: string }) => String(error.code ?? error),
    );
  return { tasks, ask, order };
}

/** A client whose name is the first letter. */
function asked([client = '']: string): Asker {
  return { client, signal: new AbortController().signal };
}

test('what one task does to the process happens to no other that waits', async (t) => {
  const { ask } = open(t);
  const all = [ask('a1'), ask('b1', { is: 'crash' }), ask('c1'), ask('d1', { is: 'crash' }), ask('a2')];
  assert.deepEqual(await Promise.all(all), ['done', 'engine_crashed', 'done', 'engine_crashed', 'done']);
});

test('a task has its time from when it begins, and one that hangs is ended alone', {
  skip: process.platform === 'win32' && 'Windows has no SIGSTOP',
}, async (t) => {
  const [busy, hung] = [open(t, { taskMs: 6000, most: 64 }), open(t, { taskMs: 6000 })];
  await busy.ask('a');
  const { pid } = busy.tasks;
  // Together they take longer than one may.
  const slow = Array.from({ length: 16 }, (_, i) => busy.ask(`${'abcd'[i % 4]}${i}`, { is: 'answer', ms: 400 }));
  const ends = await Promise.all([hung.ask('a', { is: 'stand' }), hung.ask('b'), ...slow]);
  assert.deepEqual(ends, ['engine_crashed', ...new Array(17).fill('done')]);
  assert.equal(busy.tasks.pid, pid, 'it was not ended');
});

test('a process that somebody stopped is ended long before its task is late, and one that starves is not', {
  skip: process.platform !== 'linux' && 'reads /proc',
}, async (t) => {
  let ticks = 0;
  const still = { lookMs: 10, stillMs: 200 };
  const [hung, starved] = [
    open(t, { still }),
    open(t, { still: { ...still, activity: () => ({ state: 'R', ticks: ticks++ }) } }),
  ];
  await assert.rejects(hung.tasks.ask({ is: 'stand' }), { code: 'engine_crashed', message: /did nothing for 0\.2 s/ });
  assert.equal(await hung.ask('a'), 'done');
  assert.equal(await starved.ask('a', { is: 'answer', ms: 1000 }), 'done');
});

test('clients take turns, none has all the room, and the server’s own tasks have room of their own', async (t) => {
  const { ask, order } = open(t, { most: 8 });
  const first = ask('a1', { is: 'answer', ms: 200 });
  const many = [2, 3, 4].map((i) => ask(`a${i}`));
  const other = ask('b1');
  const strangers = 'cdefghijk'.split('').map((name) => ask(name));
  const own = Array.from({ length: 9 }, (_, i) => ask(`own ${i}`, { is: 'answer' }, null));
  assert.deepEqual(await Promise.all(many), ['done', 'done', 'engine_unavailable'], 'a quarter of the room');
  assert.deepEqual(
    (await Promise.all([...strangers, ...own])).filter((end) => end !== 'done'),
    new Array(5).fill('engine_unavailable'),
    '8 of 12 clients that wait, 8 of 9 of its own',
  );
  await Promise.all([first, other]);
  assert.ok(order.indexOf('b1') < order.indexOf('a3'), order.join());
});

test('a task that waits ends with its client, and is not begun', async (t) => {
  const { tasks, ask } = open(t);
  const first = ask('a', { is: 'answer', ms: 200 });
  const [waiting, running] = [new AbortController(), new AbortController()];
  const left = ask('b', { is: 'answer' }, { client: 'b', signal: waiting.signal });
  waiting.abort(new Error('gone'));
  assert.match(await left, /gone/);
  assert.match(await ask('b', { is: 'answer' }, { client: 'b', signal: waiting.signal }), /gone/);
  assert.equal(await first, 'done');
  assert.equal(await tasks.ask<number>({ is: 'answer' }), 2, 'the second that was begun');
  const begun = ask('c', { is: 'answer', ms: 200 }, { client: 'c', signal: running.signal });
  await sleep(20);
  running.abort(new Error('gone'));
  assert.match(await begun, /gone/);
  assert.equal(await ask('d'), 'done');
});
