import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import { activityOf, type ProcessActivity } from '../../util/hang-detector.ts';
import { EngineError } from '../engine.ts';
import { FakeProcess, request } from '../fixtures.ts';
import { memoryCeiling } from './rss.ts';
import { EngineSupervisor } from './supervisor.ts';

const MIB = 2 ** 20;

/** A ready engine with a clip that it works at, in a machine that the test makes up. */
function working(context: TestContext) {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const machine = { is: { state: 'R', ticks: 0 } as ProcessActivity | null, resident: 100 * MIB };
  const started: FakeProcess[] = [];
  const supervisor = new EngineSupervisor(
    { threads: 1, memory: 1000 * MIB },
    (_, events) => {
      const child = new FakeProcess(events);
      started.push(child);
      return child;
    },
    { activity: () => machine.is, resident: () => machine.resident },
  );
  context.after(() => supervisor.close());
  started[0]!.ready();
  const clip = supervisor.run(request('tiny', { seed: 1 }), () => undefined).done;
  clip.catch(() => undefined);
  return { machine, supervisor, started, clip, pass: (ms: number) => context.mock.timers.tick(ms) };
}

const crashed = (why: RegExp) => (error: unknown) =>
  error instanceof EngineError && error.code === 'engine_crashed' && why.test(error.message);

test('an engine that is stopped in the middle of a clip says so at once, and is replaced after 20 seconds', async (context) => {
  const { machine, supervisor, started, clip, pass } = working(context);
  machine.is = { state: 'T', ticks: 0 };
  assert.equal(supervisor.info().state, 'stalled');
  pass(19_000);
  assert.equal(started[0]!.killed, false);
  pass(2000);
  await assert.rejects(clip, crashed(/did nothing for 20 s/));
  assert.equal(supervisor.info().state, 'restarting');
});

test('an engine that starves but gets some processor time is left alone, however long a clip takes', async (context) => {
  const { machine, supervisor, started, clip, pass } = working(context);
  for (let seconds = 0; seconds < 3600; seconds += 10) {
    pass(9900);
    machine.is = { state: 'R', ticks: machine.is!.ticks + 1 };
    pass(100);
  }
  assert.deepEqual([started[0]!.killed, supervisor.info().state], [false, 'ready']);
  started[0]!.finish(1);
  await clip;
});

test('an engine that computes for ten minutes of processor time without a word goes round in circles', async (context) => {
  const { machine, started, clip, pass } = working(context);
  const compute = (ticks: number): void => {
    machine.is = { state: 'R', ticks: machine.is!.ticks + ticks };
    pass(100);
  };
  compute(59_000);
  started[0]!.row(1, 0);
  compute(59_000);
  assert.equal(started[0]!.killed, false);
  compute(2000);
  await assert.rejects(clip, crashed(/used 600 s of processor time without a result/));
});

test('a voice that passed its check and takes all memory later ends its engine and nothing else', async (context) => {
  const { machine, clip, pass } = working(context);
  machine.resident = 1001 * MIB;
  pass(100);
  await assert.rejects(clip, crashed(/more than 1000 MiB of memory/));
});

test('an engine that has nothing to do may do nothing, and keep what it has', async (context) => {
  const { machine, supervisor, started, clip, pass } = working(context);
  started[0]!.finish(1);
  await clip;
  machine.resident = 1001 * MIB;
  pass(100_000);
  assert.deepEqual([started[0]!.killed, supervisor.info().state], [false, 'ready']);
});

test('the system tells what a process does and how much memory there is', {
  skip: process.platform !== 'linux' && 'reads /proc',
}, async () => {
  assert.ok(activityOf(process.pid)!.ticks > 0);
  const child = spawn('sleep', ['60']);
  try {
    child.kill('SIGSTOP');
    while (activityOf(child.pid!)?.state !== 'T') await new Promise((resolve) => setTimeout(resolve, 2));
  } finally {
    child.kill('SIGKILL');
  }
  await once(child, 'exit');
  assert.ok(memoryCeiling() > 0 && memoryCeiling() <= 4096 * MIB);
});
