/** What makes clips, or looks at them, must not keep a core from what plays them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import test from 'node:test';
import { request, voiceDir } from '../fixtures.ts';
import { createEngine } from './pool.ts';
import { TaskProcess } from './task-process.ts';

const skip = process.platform !== 'linux' && 'only Linux tells the priority of each thread';
const least = Math.max(constants.priority.PRIORITY_BELOW_NORMAL, getPriority());

/** Of each thread; the fields behind its name, which may hold spaces, begin with the third. */
function prioritiesOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return Number(fields[16]);
  });
}

test('every thread of an engine stands back, those that were there before it and those that came since', {
  skip,
}, async (t) => {
  const engine = createEngine({ threads: 2, lanes: 1 });
  t.after(() => engine.close());
  await engine.load(voiceDir('tiny'));
  await engine.run(request('tiny'), () => undefined).done;
  const priorities = prioritiesOf(engine.info().pid!);
  assert.ok(priorities.length > 5, `${priorities.length} threads`);
  assert.deepEqual([...new Set(priorities)], [least]);
});

test('so does every thread of a process that does tasks', { skip }, async (t) => {
  const tasks = new TaskProcess({
    entry: new URL('../../test/support/task-child.ts', import.meta.url),
    name: 'a child',
  });
  t.after(() => tasks.close());
  assert.equal(await tasks.ask({ is: 'answer' }), 1);
  assert.deepEqual([...new Set(prioritiesOf(tasks.pid!))], [least]);
});
