/** Jobs that nobody would end: what a killed broker remembers wrongly, what an engine never says, what is slow to come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ScriptedEngine } from '../test/support/engine.ts';
import { JOBS } from './names.ts';
import { writeJob } from './recipe.ts';
import { skip } from './test/broker.ts';
import { make, order, served, sharedBroker, until } from './test/small-farm.ts';

const { farm, broker } = sharedBroker();
/** A job that never ends is told by it. */
const timeout = 120_000;

test('a job that a killed broker brought back without giving it out is made when it is asked for again', {
  skip,
  timeout,
}, async (t) => {
  const { voiceDir, desk, worker, log } = await farm(t);
  const engine = new ScriptedEngine({ slots: 4 });
  worker(engine);
  const server = desk();
  await served(server, voiceDir);
  const [{ fingerprint } = { fingerprint: '' }] = (await server.farm.status()).own;
  const hashOf = (seed: number): string => {
    const { voiceDir: _, ...request } = order(voiceDir, seed);
    return writeJob(fingerprint, request).hash;
  };
  const waiting = async (): Promise<Set<string | undefined>> => {
    const { manager } = await server.link.ready();
    const { state } = await manager.streams.info(JOBS, { subjects_filter: '>' });
    return new Set(Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').at(-1)));
  };
  // It forgets that it removed messages behind one that is still there, and remembers that they were acknowledged.
  let seeds: number[] = [];
  for (let first = 100; seeds.length === 0; first += 30) {
    if (first === 280) {
      const { nats } = await server.link.ready();
      t.skip(`nats-server ${nats.info?.version} brought nothing back that it does not give out, six times`);
      return;
    }
    engine.pace.set(first, Number.POSITIVE_INFINITY);
    const held = make(server, order(voiceDir, first));
    await until(() => engine.begun.includes(first));
    const made = Array.from({ length: 29 }, (_, i) => first + 1 + i);
    await Promise.all(made.map((seed) => make(server, order(voiceDir, seed))));
    await broker().kill();
    await broker().again();
    engine.pace.clear();
    await held;
    // Those that it gives out again are answered by what was made.
    for (let open = 1; open > 0; await wait(50))
      open = (await server.farm.status()).queues.reduce((sum, { waiting, taken }) => sum + waiting + taken, 0);
    // Newer ones give some out a little later.
    let left = await waiting();
    for (let before = new Set(); before.size !== left.size; left = await waiting()) {
      before = left;
      await wait(500);
    }
    seeds = made.filter((seed) => left.has(hashOf(seed)));
  }
  // Their clips are there no more, as after a day, or on a disk that was lost.
  const { outcomes } = await server.link.ready();
  for (const seed of seeds) await outcomes.delete(hashOf(seed));
  const again = await Promise.all(seeds.map((seed) => make(server, order(voiceDir, seed))));
  assert.deepEqual(
    again.map(({ maker }) => maker?.worker),
    seeds.map(() => 'render-1'),
  );
  assert.ok(log.some((line) => /which a killed broker brought back, is removed/.test(line)));
  // A clip comes sooner than the worker's word to the queue that it is made.
  for (let left = seeds; left.length > 0; await wait(50)) {
    const there = await waiting();
    left = seeds.filter((seed) => there.has(hashOf(seed)));
  }
});

test('a job whose engine hangs goes to another worker, and its place is free again', { skip, timeout }, async (t) => {
  const { voiceDir, desk, worker, log } = await farm(t);
  const hanging = new ScriptedEngine({ slots: 1 });
  const first = worker(hanging, { ackMs: 300, hangMs: 600 });
  const server = desk();
  await served(server, voiceDir);
  hanging.hold();
  const made = make(server, order(voiceDir, 1));
  await until(() => first.beat().running.bulk === 1);
  const second = worker(undefined, { ackMs: 300 });
  await until(() => second.beat().offers.length === 1);
  assert.equal((await made).maker?.worker, 'render-2');
  await until(() => first.beat().running.bulk === 0);
  assert.ok(log.some((line) => /the engine sent no event of it for 0\.6 s/.test(line)));
});
