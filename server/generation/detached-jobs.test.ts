import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ProtocolError } from '../../protocol/index.ts';
import type { GenerationContext } from './context.ts';
import { DetachedJobs } from './detached-jobs.ts';

const context = (): GenerationContext =>
  ({ session: {}, signal: new AbortController().signal, setJob: () => undefined, emit: () => undefined }) as never;
const tooLarge = (error: unknown): boolean => error instanceof ProtocolError && error.code === 'too_large';

/** A job that tells events of so many bytes until it is stopped. */
function running(jobs: DetachedJobs, id: string, told: { pcm?: Uint8Array; codes?: number[] }[]) {
  const end = jobs.keep(context(), async (inner) => {
    inner.setJob(id);
    for (const data of told) inner.emit('audio', data as never);
    inner.signal.throwIfAborted();
    await new Promise((_, reject) => inner.signal.addEventListener('abort', () => reject(inner.signal.reason)));
    return {} as never;
  });
  end.catch(() => undefined);
  return end;
}

test('kept jobs that run have one bound for all: the largest is ended, and the others go on', async () => {
  const jobs = new DetachedJobs({ maxBytes: 10_000 });
  const small = running(jobs, 'small', [{ pcm: new Uint8Array(1000) }]);
  await assert.rejects(
    running(jobs, 'large', [{ pcm: new Uint8Array(5000) }, { pcm: new Uint8Array(5000) }]),
    tooLarge,
  );
  assert.ok(jobs.bytes < 2000, `${jobs.bytes} bytes`);
  assert.equal(await Promise.race([small, 'runs']), 'runs');
});

test('rows count as well as sound', async () => {
  const jobs = new DetachedJobs({ maxBytes: 10_000 });
  await assert.rejects(running(jobs, 'rows', Array(20).fill({ codes: Array(64).fill(0) })), tooLarge);
});

test('a job that will be too large is refused before anything is made', async () => {
  const jobs = new DetachedJobs({ maxBytes: 10_000 });
  await assert.rejects(
    jobs.keep(context(), () => assert.fail('it was begun'), 10_001),
    tooLarge,
  );
});

test('of an ended job that is forgotten for newer ones nothing stays in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const jobs = new DetachedJobs({ most: 2 });
  const sounds: WeakRef<Uint8Array>[] = [];
  for (const id of ['a', 'b', 'c', 'd', 'e'])
    await jobs.keep(context(), async (inner) => {
      const pcm = new Uint8Array(1000);
      sounds.push(new WeakRef(pcm));
      inner.setJob(id);
      inner.emit('audio', { pcm } as never);
      return {} as never;
    });
  // What a turn of the event loop holds is let go with it.
  await new Promise((resolve) => setTimeout(resolve, 1));
  collect();
  const held = sounds.map((sound) => sound.deref() !== undefined);
  assert.deepEqual(held.slice(0, 3), [false, false, false]);
  assert.equal(held.at(-1), true);
});

test('a kept job that is over holds nothing of the client that asked for it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const jobs = new DetachedJobs();
  const clients: WeakRef<object>[] = [];
  const ask = async (id: string): Promise<void> => {
    const client = { ...context(), session: { socket: new Uint8Array(1000) } } as unknown as GenerationContext;
    clients.push(new WeakRef(client), new WeakRef(client.session));
    await jobs.keep(client, async (inner) => {
      inner.setJob(id);
      return { seconds: 4 } as never;
    });
  };
  for (const id of ['a', 'b']) await ask(id);
  await new Promise((resolve) => setTimeout(resolve, 1));
  collect();
  assert.deepEqual(
    clients.map((client) => client.deref() !== undefined),
    [false, false, false, false],
  );
  assert.deepEqual(await jobs.attach('a', () => undefined, new AbortController().signal), { seconds: 4 });
});

test('jobs that are asked for together have no more room than those that come one after the other', async () => {
  const jobs = new DetachedJobs({ most: 2 });
  let go = (): void => undefined;
  const written = new Promise<void>((resolve) => (go = resolve));
  const ask = (id: string): Promise<string> =>
    jobs
      .keep(context(), async (inner) => {
        await written;
        inner.setJob(id);
        return {} as never;
      })
      .then(
        () => 'done',
        (error: ProtocolError) => error.code,
      );
  const asked = ['a', 'b', 'c', 'd'].map(ask);
  go();
  assert.deepEqual(await Promise.all(asked), ['done', 'done', 'queue_full', 'queue_full']);
  assert.equal(await ask('e'), 'done');
});
