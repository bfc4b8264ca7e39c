/** The supervisor with processes that misbehave on cue, and with time in the test's hands. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EngineRequest, EngineResult } from '../engine.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { FakeProcess, request } from '../fixtures.ts';
import { EngineSupervisor } from './supervisor.ts';

function start(context: TestContext) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const started: FakeProcess[] = [];
  const logged: string[] = [];
  const supervisor = new EngineSupervisor(
    { threads: 1, log: (level, message) => logged.push(`${level} ${message}`) },
    (_, events) => {
      const child = new FakeProcess(events);
      started.push(child);
      return child;
    },
  );
  const run = (change: Partial<EngineRequest> = {}): Promise<EngineResult> =>
    supervisor.run(request('tiny', change), () => undefined).done;
  return {
    supervisor,
    started,
    logged,
    run,
    pass: (ms: number) => context.mock.timers.tick(ms),
    last: () => started.at(-1)!,
  };
}

const fails = (code: EngineErrorCode) => (error: unknown) => error instanceof EngineError && error.code === code;

test('an engine that never starts fails those who wait, and is tried again', async (context) => {
  const { supervisor, started, run, pass, last } = start(context);
  const waiting = [run(), run()].map((clip) => assert.rejects(clip, fails('engine_unavailable')));
  for (let failure = 0; failure < 5; failure++) {
    last().events.onExit('exit code 1');
    assert.equal(supervisor.info().state, 'restarting');
    pass(2000);
  }
  await Promise.all(waiting);
  assert.equal(started.length, 6);
  const clip = run();
  last().ready();
  last().finish();
  await clip;
  assert.equal(supervisor.info().restarts, 5);
});

test('an engine that hangs while it starts is killed and replaced', async (context) => {
  const { started, run, pass, last } = start(context);
  const clip = run();
  pass(60_000);
  assert.ok(started[0]?.killed);
  pass(2000);
  assert.equal(started.length, 2);
  last().ready();
  pass(120_000);
  assert.ok(!started[1]?.killed, 'one that is ready may take its time');
  last().finish();
  await clip;
});

test('an engine that keeps dying is started at longer and longer intervals, until one finishes a clip', async (context) => {
  const { started, run, pass, last } = start(context);
  const waits = (): number => {
    const before = started.length;
    last().ready();
    last().events.onExit('SIGSEGV');
    for (let ms = 0; ; ms += 100) {
      if (started.length > before) return ms;
      pass(100);
    }
  };
  assert.deepEqual(
    [waits(), waits(), waits(), waits(), waits(), waits(), waits()],
    [100, 200, 400, 800, 1600, 2000, 2000],
  );
  const clip = run();
  last().ready();
  last().finish();
  await clip;
  assert.equal(waits(), 100);
});

test('a clip that kills every engine it meets fails alone', async (context) => {
  const { run, pass, last } = start(context);
  const [deadly, harmless] = [run({ seed: 666 }), run({ seed: 1 })];
  last().ready();
  const failed = assert.rejects(deadly, fails('engine_crashed'));
  last().events.onExit('SIGSEGV');
  await failed;
  pass(2000);
  last().ready();
  last().finish();
  await harmless;
});

test('a listener that throws harms neither its clip nor the server', async (context) => {
  const { supervisor, logged, last } = start(context);
  const clip = supervisor.run(request('tiny'), () => {
    throw new Error('deaf');
  });
  last().ready();
  last().events.onMessage({ type: 'event', task: 1, event: { type: 'started' } });
  last().finish();
  await clip.done;
  assert.ok(logged.some((line) => line.startsWith('error') && line.includes('deaf')));
});

test('a request that cannot be sent fails, and the next is made', async (context) => {
  const { run, last } = start(context);
  last().ready();
  const unsendable = { classWeights: [(() => 1) as unknown as number] };
  await assert.rejects(run(unsendable), fails('engine_failed'));
  const clip = run();
  last().finish();
  await clip;
});

test('the queue has an end', async (context) => {
  const { supervisor, run } = start(context);
  const waiting = Array.from({ length: 1024 }, () => assert.rejects(run(), fails('engine_unavailable')));
  await assert.rejects(run(), (error) => fails('engine_unavailable')(error) && /1024/.test(String(error)));
  await Promise.all([supervisor.close(), ...waiting]);
});

test('closing twice is closing once', async (context) => {
  const { supervisor } = start(context);
  assert.equal(supervisor.close(), supervisor.close());
  await supervisor.close();
});
