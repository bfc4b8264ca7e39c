import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { type RenderOrder, ThreadedFileRenderer } from './render-thread.ts';

class FakeThread extends EventEmitter {
  readonly orders: RenderOrder[] = [];

  ref(): void {}
  unref(): void {}

  postMessage(order: RenderOrder): void {
    this.orders.push(order);
  }

  async terminate(): Promise<void> {
    this.emit('exit', 1);
  }
}

test('the exit of a thread that ended in a fault fails its own files, and none of the thread after it', async () => {
  const threads: FakeThread[] = [];
  const renderer = new ThreadedFileRenderer(() => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread as unknown as Worker;
  });
  const file = (): Promise<unknown> => renderer.render(new Uint8Array(0), {} as never, {} as never);
  const first = file();
  threads[0]!.emit('error', new Error('out of memory'));
  await assert.rejects(first, { code: 'io_error', message: /out of memory/ });
  const second = file();
  threads[0]!.emit('exit', 1);
  threads[1]!.emit('message', { order: threads[1]!.orders[0]!.order, made: 'a file' });
  assert.equal(await second, 'a file');
  const third = file();
  await Promise.all([assert.rejects(third, { code: 'io_error', message: /the server is stopping/ }), renderer.close()]);
  assert.equal(threads.length, 2);
});
