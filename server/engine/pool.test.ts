import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EngineResult } from './engine.ts';
import { EngineError } from './errors.ts';
import { FakeProcess, request, voiceDir } from './fixtures.ts';
import { EngineHost } from './host.ts';
import { EnginePool, type PoolParts } from './pool.ts';

const quiet = (): void => undefined;

/** A pool of processes that do what the test says. */
function scripted(lanes: number, parts: PoolParts = {}) {
  const processes: FakeProcess[] = [];
  const threads: number[] = [];
  const logged: string[] = [];
  const pool = new EnginePool(
    { lanes, threads: 2, log: (level, message) => logged.push(`${level} ${message}`) },
    {
      freeMemory: () => 2 ** 40,
      ...parts,
      start: (options) => {
        threads.push(options.threads);
        return new EngineHost(options, (_, events) => {
          const child = new FakeProcess(events);
          processes.push(child);
          return child;
        });
      },
    },
  );
  const run = (seed: number) => pool.run(request('tiny', { seed }), quiet);
  const seeds = () =>
    processes.map(({ sent }) => sent.flatMap((message) => (message.type === 'run' ? [message.request.seed] : [])));
  return { pool, processes, threads, logged, run, seeds };
}

test('a clip alone takes the first lane; the next opens another, as good as the first, and takes whichever is free first', async () => {
  const { pool, processes, threads, run, seeds } = scripted(3);
  processes[0]!.ready();
  const first = run(1);
  assert.equal(processes.length, 1);
  const second = run(2);
  assert.deepEqual(threads, [2, 2]);
  processes[0]!.finish();
  await first.done;
  assert.deepEqual(seeds(), [[1, 2], []]);
  processes[1]!.ready();
  const third = run(3);
  assert.deepEqual(seeds(), [[1, 2], [3]]);
  assert.deepEqual(pool.info().lanes, { open: 2, most: 3 });
  processes[1]!.finish();
  processes[0]!.finish();
  await Promise.all([second.done, third.done]);
  await pool.close();
});

test('only the first lane is waited for while it starts', async () => {
  const { pool, processes, run, seeds } = scripted(2);
  const clips = [run(1), run(2)];
  processes[1]!.ready();
  assert.deepEqual(seeds(), [[], [2]]);
  processes[0]!.ready();
  assert.deepEqual(seeds(), [[1], [2]]);
  for (const child of processes) child.finish();
  await Promise.all(clips.map(({ done }) => done));
  await pool.close();
});

test('no further lane is opened where memory is short, and none beyond the most', async () => {
  const short = scripted(4, { freeMemory: () => 0 });
  short.processes[0]!.ready();
  short.run(0).done.catch(quiet);
  short.processes[0]!.finish(); // says that it takes 1 MB
  for (const seed of [1, 2, 3]) short.run(seed).done.catch(quiet);
  assert.equal(short.processes.length, 1);
  const { processes, run, pool } = scripted(2);
  processes[0]!.ready();
  for (const seed of [1, 2, 3, 4]) run(seed).done.catch(quiet);
  processes[1]!.ready();
  assert.equal(processes.length, 2);
  await Promise.all([pool.close(), short.pool.close()]);
});

test('a further lane without work gives its memory back, the first never', async (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { pool, processes, run } = scripted(2, { idleMs: 1000 });
  processes[0]!.ready();
  const clips = [run(1), run(2)];
  processes[1]!.ready();
  for (const child of processes) child.finish();
  await Promise.all(clips.map(({ done }) => done));
  context.mock.timers.tick(999);
  assert.equal(pool.info().lanes.open, 2);
  context.mock.timers.tick(1);
  assert.equal(pool.info().lanes.open, 1);
  const again = [run(3), run(4)];
  assert.equal(processes.length, 3, 'and comes again when it is needed');
  processes[2]!.ready();
  processes[0]!.finish();
  processes[2]!.finish();
  await Promise.all(again.map(({ done }) => done));
  await pool.close();
});

test('a further lane that never starts is done without, and loses no clip', async (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { pool, processes, run, logged } = scripted(2);
  processes[0]!.ready();
  const clips = [run(1), run(2)];
  for (let i = 0; i < 3; i++) {
    processes.at(-1)!.events.onExit('exit code 1');
    context.mock.timers.tick(2000);
  }
  clips.push(run(3));
  assert.deepEqual(pool.info().lanes, { open: 1, most: 1 });
  assert.ok(logged.some((line) => line.includes('1 must do')));
  for (const { done } of clips) {
    processes[0]!.finish();
    await done;
  }
  await pool.close();
});

test('a lane that dies takes one clip along, and waiting ones can be cancelled', async () => {
  const { pool, processes, run, seeds } = scripted(2);
  processes[0]!.ready();
  const [first, second, third, fourth] = [run(1), run(2), run(3), run(4)];
  processes[1]!.ready();
  third.cancel();
  await assert.rejects(third.done, (error) => error instanceof EngineError && error.code === 'cancelled');
  processes[1]!.events.onExit('SIGKILL');
  await assert.rejects(second.done, (error) => error instanceof EngineError && error.code === 'engine_crashed');
  processes[0]!.finish();
  processes[0]!.finish();
  await Promise.all([first.done, fourth.done]);
  assert.deepEqual(seeds()[0], [1, 4]);
  await pool.close();
  await assert.rejects(run(5).done, (error) => error instanceof EngineError && error.code === 'engine_unavailable');
});

test('a clip has the same bits in every lane, whatever the others make', { timeout: 120_000 }, async () => {
  const pool = new EnginePool({ lanes: 3 }, { freeMemory: () => 2 ** 40 });
  try {
    await pool.load(voiceDir('tiny'));
    const seeds = Array.from({ length: 40 }, (_, i) => i % 5);
    const first = new Map<number, EngineResult>();
    // The fixture's clips are quickly made: go on until all lanes have had a round together.
    for (let together = false; !together; ) {
      together = pool.info().lanes.open === 3;
      const made = await Promise.all(seeds.map((seed) => pool.run(request('tiny', { seed }), quiet).done));
      for (const [i, result] of made.entries()) {
        const known = first.get(seeds[i]!) ?? result;
        first.set(seeds[i]!, known);
        assert.deepEqual(result.codes, known.codes);
        assert.deepEqual(result.pcm, known.pcm);
      }
    }
    assert.equal(new Set([...first.values()].map(({ codes }) => codes.join())).size, 5);
  } finally {
    await pool.close();
  }
});
