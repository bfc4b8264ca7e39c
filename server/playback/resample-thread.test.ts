import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { startThread } from '../util/program.ts';
import type { DropOrder, ResampleOrder } from './resample-thread.ts';

test('of a sound that was dropped before its last part nothing is kept', async (t) => {
  const worker = startThread(new URL('./resample-thread.ts', import.meta.url));
  t.after(() => worker.terminate());
  const [from, to] = [22_050, 48_000];
  const part = async (sound: number, seconds: number, last: boolean): Promise<number> => {
    const pcm = new Float32Array(from * seconds).fill(0.1);
    worker.postMessage({ sound, pcm, from, to, part: { last } } satisfies ResampleOrder);
    const [made] = (await once(worker, 'message')) as [{ pcm: Float32Array }];
    return made.pcm.length;
  };
  assert.ok((await part(1, 1, false)) < to, 'its end is held back for what may follow');
  worker.postMessage({ dropped: 1 } satisfies DropOrder);
  // As long as a sound of its own: nothing of the first part is before it.
  assert.equal(await part(1, 1, true), to);
  await part(2, 1, false);
  assert.ok((await part(2, 1, true)) > to, 'as one that was not dropped has');
});
