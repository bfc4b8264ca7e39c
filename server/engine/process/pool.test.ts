import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EngineResult } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { FakeProcess, request, voiceDir } from '../fixtures.ts';
import { EnginePool, type PoolParts } from './pool.ts';
import { EngineSupervisor } from './supervisor.ts';

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
        return new EngineSupervisor(options, (_, events) => {
          const child = new FakeProcess(events);
          processes.push(child);
          return child;
        });
      },
    },
  );
  const run = (seed: number, urgent = false) => pool.run(request('tiny', { seed, urgent }), quiet);
  const seeds = () =>
    processes.map(({ sent }) => sent.flatMap((message) => (message.type === 'run' ? [message.request.seed] : [])));
  return { pool, processes, threads, logged, run, seeds };
}

const crashed = (error: unknown): boolean => error instanceof EngineError && error.code === 'engine_crashed';

test('a clip alone takes the first lane; the next joins it, opens another, and the one after goes where less is done', async () => {
  const { pool, processes, threads, run, seeds } = scripted(3);
  processes[0]!.ready();
  const clips = [run(1)];
  assert.equal(processes.length, 1);
  clips.push(run(2));
  assert.deepEqual(threads, [2, 2]);
  assert.deepEqual(seeds(), [[1, 2], []]);
  processes[1]!.ready();
  clips.push(run(3), run(4));
  assert.deepEqual(seeds(), [[1, 2], [3, 4], []]);
  assert.deepEqual(pool.info().lanes, { open: 3, most: 3 });
  for (const seed of [1, 2]) processes[0]!.finish(seed);
  for (const seed of [3, 4]) processes[1]!.finish(seed);
  await Promise.all(clips.map(({ done }) => done));
  await pool.close();
});

test('while the first lane starts its clips wait with it; a further lane that is ready earlier takes the next', async () => {
  const { pool, processes, run, seeds } = scripted(2);
  const clips = [run(1), run(2)];
  processes[1]!.ready();
  clips.push(run(3));
  assert.deepEqual(seeds(), [[], [3]]);
  processes[0]!.ready();
  assert.deepEqual(seeds(), [[1, 2], [3]]);
  for (const seed of [1, 2]) processes[0]!.finish(seed);
  processes[1]!.finish(3);
  await Promise.all(clips.map(({ done }) => done));
  await pool.close();
});

test('a lane makes four clips together; four that hurry find room beside them, and go before those that wait', async () => {
  const { pool, processes, run, seeds } = scripted(1);
  processes[0]!.ready();
  const clips = [1, 2, 3, 4, 5, 6].map((seed) => run(seed));
  assert.deepEqual(seeds(), [[1, 2, 3, 4]]);
  clips.push(...[11, 12, 13, 14, 15].map((seed) => run(seed, true)));
  assert.deepEqual(seeds(), [[1, 2, 3, 4, 11, 12, 13, 14]]);
  processes[0]!.finish(1);
  await clips[0]!.done;
  assert.equal(seeds()[0]!.length, 8, 'its room is not for those that do not hurry while others do');
  processes[0]!.finish(11);
  await clips[6]!.done;
  assert.deepEqual(seeds()[0]!.slice(8), [15]);
  for (const seed of [12, 13, 14, 15, 2]) processes[0]!.finish(seed);
  await Promise.all([7, 8, 9, 10, 1].map((index) => clips[index]!.done));
  assert.deepEqual(seeds()[0]!.slice(9), [5, 6]);
  for (const seed of [3, 4, 5, 6]) processes[0]!.finish(seed);
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
  for (let seed = 1; seed < 20; seed++) run(seed).done.catch(quiet);
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
  clips.push(run(3));
  for (const seed of [1, 2]) processes[0]!.finish(seed);
  processes[1]!.finish(3);
  await Promise.all(clips.map(({ done }) => done));
  context.mock.timers.tick(999);
  assert.equal(pool.info().lanes.open, 2);
  context.mock.timers.tick(1);
  assert.equal(pool.info().lanes.open, 1);
  const again = [run(4), run(5)];
  assert.equal(processes.length, 3, 'and comes again when it is needed');
  for (const seed of [4, 5]) processes[0]!.finish(seed);
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
  assert.ok(logged.some((line) => line.includes('continuing with 1')));
  for (const seed of [1, 2, 3]) processes[0]!.finish(seed);
  await Promise.all(clips.map(({ done }) => done));
  await pool.close();
});

test('a lane that dies with one clip takes it along; waiting ones can be cancelled, and a closed pool refuses', async () => {
  const { pool, processes, run, seeds } = scripted(1);
  processes[0]!.ready();
  const first = run(1);
  processes[0]!.events.onExit('SIGKILL');
  await assert.rejects(first.done, crashed);
  const waiting = [2, 3, 4, 5, 6].map((seed) => run(seed));
  waiting[4]!.cancel();
  await assert.rejects(waiting[4]!.done, (error) => error instanceof EngineError && error.code === 'cancelled');
  assert.deepEqual(seeds(), [[1]]);
  const closing = waiting
    .slice(0, 4)
    .map(({ done }) =>
      assert.rejects(done, (error) => error instanceof EngineError && error.code === 'engine_unavailable'),
    );
  await Promise.all([pool.close(), ...closing]);
  await assert.rejects(run(5).done, (error) => error instanceof EngineError && error.code === 'engine_unavailable');
});

test('clips that die together are tried again one by one: the deadly one fails, the others lose nothing', async (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { pool, processes, seeds } = scripted(1);
  processes[0]!.ready();
  const rows: number[] = [];
  const deadly = pool.run(request('tiny', { seed: 666 }), quiet);
  const harmless = pool.run(request('tiny', { seed: 1 }), (event) => event.type === 'row' && rows.push(event.row));
  const late = pool.run(request('tiny', { seed: 2 }), quiet);
  const failed = assert.rejects(deadly.done, crashed);
  for (const row of [0, 1]) processes[0]!.row(1, row);
  const restart = async (): Promise<void> => {
    processes.at(-1)!.events.onExit('SIGSEGV');
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    context.mock.timers.tick(2000);
    processes.at(-1)!.ready();
  };
  await restart();
  // One at a time, whichever comes first; the deadly one dies once more, by itself.
  for (let done = 0; done < 3; done++) {
    const last = processes.at(-1)!;
    assert.equal(last.open.length, 1);
    const seed = seeds().at(-1)!.at(-1)!;
    if (seed === 1) for (const row of [0, 1, 2]) last.row(1, row);
    if (seed === 666) await restart();
    else last.finish(seed);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
  await Promise.all([failed, harmless.done, late.done]);
  assert.deepEqual(rows, [0, 1, 2], 'no row is told twice');
  await pool.close();
});

test('a clip has the same bits in every lane, whatever the others make', { timeout: 300_000 }, async () => {
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
