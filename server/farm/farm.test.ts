import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { textOf } from '../cli/farm.ts';
import { ScriptedEngine } from '../test/support/engine.ts';
import { newServer } from '../test/support/server.ts';
import { canaryRequest, readCard } from './fingerprint.ts';
import { skip, TestBroker } from './test/broker.ts';
import { make, order, served, sharedBroker, until } from './test/small-farm.ts';

const { farm, broker } = sharedBroker();

test('what is asked for by two servers at once, and again later, is made once', { skip }, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  const engine = new ScriptedEngine({ slots: 4 });
  const made = worker(engine);
  const [one, other] = [desk(), desk()];
  await Promise.all([served(one, voiceDir), served(other, voiceDir)]);
  engine.hold();
  const both = [make(one, order(voiceDir, 7)), make(other, order(voiceDir, 7))];
  await until(() => made.beat().running.bulk === 1);
  await wait(50);
  engine.release();
  const [first, second] = await Promise.all(both);
  const again = await make(other, order(voiceDir, 7));
  assert.deepEqual(second, first);
  assert.deepEqual(again, first);
  assert.deepEqual(first!.maker?.worker, 'render-1');
  assert.deepEqual(
    engine.finished.filter((seed) => seed === 7),
    [7],
  );
  // Its first request may have come to the broker when the clip was made already.
  assert.ok(other.info().farm!.cached >= 1);
  const status = await other.farm.status();
  const { workers, queues, own, broker: place, clipBytes } = status;
  assert.deepEqual([status.state, status.made + status.cached, status.local, status.pending], ['open', 2, 0, 0]);
  assert.match(place ?? '', /^nats:\/\/127\.0\.0\.1:\d+, nats-server 2\./);
  const voice = workers.find(({ worker: name }) => name === 'render-1')?.voices[0];
  assert.equal(voice?.fingerprint, own[0]?.fingerprint);
  const mine = queues.filter(({ fingerprint }) => fingerprint === own[0]?.fingerprint);
  assert.deepEqual(mine.map(({ urgency, waiting, taken }) => [urgency, waiting, taken]).sort(), [
    ['bulk', 0, 0],
    ['live', 0, 0],
  ]);
  assert.ok(clipBytes > first!.pcm.byteLength);
});

test('live clips are made beside bulk ones that fill the worker, and who cancels leaves nothing', {
  skip,
}, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  const engine = new ScriptedEngine({ slots: 8 });
  const made = worker(engine);
  const server = desk();
  await served(server, voiceDir);
  engine.hold();
  const bulk = Array.from({ length: 20 }, (_, i) => server.run(order(voiceDir, 100 + i), () => undefined));
  await until(() => made.beat().running.bulk === 8);
  const live = server.run(order(voiceDir, 1, { urgent: true }), () => undefined);
  await until(() => made.beat().running.live === 1);
  for (const run of bulk) run.cancel();
  const ends = await Promise.allSettled(bulk.map(({ done }) => done));
  assert.ok(ends.every((end) => end.status === 'rejected' && end.reason.code === 'cancelled'));
  // Neither in the queue nor in the hands of a worker.
  await until(() => made.beat().running.bulk === 0);
  engine.release();
  assert.equal((await live.done).maker?.worker, 'render-1');
  // One that is cancelled before it was sent leaves nothing either.
  const early = server.run(order(voiceDir, 99), () => undefined);
  early.cancel();
  await assert.rejects(early.done, { code: 'cancelled' });
  await until(() => server.info().farm?.pending === 0);
  const begun = engine.begun.filter((seed) => seed >= 100 && seed < 120);
  assert.ok(begun.length <= 8, `${begun.length} of 20 were begun`);
});

test('a request that the engine refuses fails with its reason, and may be asked for again', { skip }, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  const engine = new ScriptedEngine({ slots: 4 });
  const made = worker(engine, { tries: 3, retryMs: 1 });
  const server = desk();
  await served(server, voiceDir);
  engine.faults.set(5, 'engine_crashed');
  const failure = await make(server, order(voiceDir, 5)).catch((error: unknown) => error);
  assert.deepEqual(
    { ...(failure as object), message: (failure as Error).message },
    { name: 'EngineError', code: 'engine_failed', message: 'given up after 3 tries: engine_crashed: engine_crashed' },
  );
  assert.deepEqual(
    engine.begun.filter((seed) => seed === 5),
    [5, 5, 5],
  );
  // The server may hear of it before the worker has counted it.
  await until(() => made.beat().failed === 1);
  engine.faults.clear();
  assert.equal((await make(server, order(voiceDir, 5))).maker?.worker, 'render-1');
});

test('a worker whose canary is another clip makes nothing for this server', { skip }, async (t) => {
  const { voiceDir, desk, worker, log } = await farm(t);
  // It counts otherwise: its clips have other codes.
  worker(new ScriptedEngine({ slots: 4, cols: 5 }));
  const server = desk();
  await served(server, voiceDir);
  const result = await make(server, order(voiceDir, 1));
  assert.equal(result.maker, undefined);
  assert.equal(result.codes.length, 48);
  assert.equal(server.info().farm?.local, 1);
  assert.ok(log.some((line) => /no worker of the farm makes voice .* with the bits of this machine/.test(line)));
});

test('a voice that a worker lacks comes through the broker, whole and once', { skip }, async (t) => {
  const { voiceDir, desk, worker, log } = await farm(t);
  worker(undefined, {}, []);
  const server = desk();
  await served(server, voiceDir);
  assert.equal((await make(server, order(voiceDir, 1))).maker?.worker, 'render-1');
  const { sha256 } = await readCard(voiceDir);
  const came = log.filter((line) =>
    line.startsWith(`info: downloaded voice ${sha256.slice(0, 12)} from the farm's broker`),
  );
  assert.equal(came.length, 1);
});

test('a voice that could not be made is tried again', { skip }, async (t) => {
  const { voiceDir, desk, worker, log } = await farm(t);
  const { card } = await readCard(voiceDir);
  const { seed } = canaryRequest(voiceDir, card);
  const engine = new ScriptedEngine({ slots: 4 });
  engine.faults.set(seed, 'engine_crashed');
  worker(engine, { againMs: 200 });
  const server = desk();
  await server.load(voiceDir);
  await until(() => log.some((line) => /voice \w{12} cannot be made here: engine_crashed/.test(line)));
  engine.faults.clear();
  await served(server, voiceDir);
  assert.equal((await make(server, order(voiceDir, 1))).maker?.worker, 'render-1');
});

test('a worker takes as many short bulk clips ahead as it makes at once, and not before it knows that they are short', {
  skip,
}, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  const engine = new ScriptedEngine({ slots: 2 });
  const made = worker(engine);
  const server = desk();
  await served(server, voiceDir);
  const taken = async (): Promise<number> => {
    const { own, queues } = await server.farm.status();
    const mine = queues.filter(({ urgency, fingerprint }) => urgency === 'bulk' && fingerprint === own[0]?.fingerprint);
    return mine.reduce((sum, one) => sum + one.taken, 0);
  };
  // Of short clips as many again are taken; one less where the request that waited for them was for three.
  for (const [least, most] of [
    [2, 2],
    [3, 4],
  ] as const) {
    engine.hold();
    const clips = Array.from({ length: 8 }, (_, i) => make(server, order(voiceDir, 100 * most + i)));
    // The broker still hears of the clips before: they come to the server sooner than it hears that they are made.
    let now = await taken();
    for (let tries = 0; tries < 500 && (now < least || now > most); tries++) {
      await wait(20);
      now = await taken();
    }
    await wait(300);
    now = await taken();
    assert.ok(now >= least && now <= most, `${now} taken, expected ${least} to ${most}`);
    assert.equal(made.beat().running.bulk, 2);
    engine.release();
    await Promise.all(clips);
    // Those that were held counted as long ones, the longer the slower this machine is.
    for (let i = 0; i < 60; i++) await make(server, order(voiceDir, 10_000 * most + i));
  }
});

test('a worker that leaves ends what it can, gives the rest back, and takes no more', { skip }, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  const engine = new ScriptedEngine({ slots: 4 });
  const limits = { ackMs: 300 };
  const first = worker(engine, limits);
  const server = desk();
  await served(server, voiceDir);
  engine.pace.set(10, 100);
  const ended = make(server, order(voiceDir, 10));
  await until(() => engine.begun.includes(10));
  await first.drain(60_000);
  assert.equal((await ended).maker?.worker, 'render-1');
  const held = new ScriptedEngine({ slots: 4 });
  const second = worker(held, limits);
  await served(server, voiceDir);
  held.hold();
  const back = [11, 12].map((seed) => make(server, order(voiceDir, seed)));
  await until(() => second.beat().running.bulk === 2);
  await second.drain(0);
  worker(undefined, limits);
  const makers = (await Promise.all(back)).map(({ maker }) => maker?.worker);
  assert.deepEqual(makers, ['render-3', 'render-3']);
  assert.deepEqual(
    held.finished.filter((seed) => seed === 11 || seed === 12),
    [],
  );
});

test('without the broker live clips are made here and bulk clips wait; then they are made once', {
  skip,
}, async (t) => {
  const { voiceDir, desk, worker, log } = await farm(t);
  const engine = new ScriptedEngine({ slots: 4 });
  const made = worker(engine);
  const local = new ScriptedEngine({ slots: 4 });
  const server = desk(local);
  await served(server, voiceDir);
  engine.hold();
  const begun = make(server, order(voiceDir, 1));
  const alive = make(server, order(voiceDir, 2, { urgent: true }));
  await until(() => made.beat().running.bulk === 1 && made.beat().running.live === 1);
  await broker().kill();
  // Its worker holds on to it, and nobody can hear of that.
  assert.equal((await alive).maker, undefined);
  assert.equal((await make(server, order(voiceDir, 3, { urgent: true }))).maker, undefined);
  const held = make(server, order(voiceDir, 4));
  await until(() => server.info().farm?.held === 2);
  assert.equal(server.info().farm?.state, 'lost');
  engine.release();
  await broker().again();
  assert.deepEqual(
    (await Promise.all([begun, held])).map(({ maker }) => maker?.worker),
    ['render-1', 'render-1'],
  );
  assert.deepEqual(engine.finished.filter((seed) => seed === 1 || seed === 4).sort(), [1, 4]);
  assert.deepEqual(local.finished.filter((seed) => seed < 10).sort(), [2, 3]);
  assert.ok(log.some((line) => /bulk clips wait until the farm's broker can be used/.test(line)));
});

test('a server on a farm tells of it, and its saved clips say who made them', { skip }, async (t) => {
  const { desk, worker } = await farm(t);
  worker(undefined, {}, []);
  const engine = desk();
  const { app, models } = await newServer(t, { parts: { engine } });
  await served(engine, path.join(models, 'default'));
  const client = app.connect('admin');
  const done = await client.call('foley.generate', { class: 'DogBark', seed: 3, count: 2, save: true });
  const { clips } = done as { clips: { clip: string }[] };
  const status = (await client.call('farm.status', {})) as {
    state: string;
    made: number;
    own: { fingerprint: string }[];
  };
  assert.deepEqual([status.state, status.made], ['open', 2]);
  const makers = [{ worker: 'render-1', fingerprint: status.own[0]?.fingerprint }];
  for (const { clip } of clips) {
    const { clip: told } = (await client.call('clip.get', { clip })) as { clip: { makers: unknown; recipe: object } };
    assert.deepEqual(told.makers, makers);
    // The recipe goes into the WAV, which is the same file wherever it was made.
    assert.ok(!('makers' in told.recipe));
  }
  assert.match(
    textOf((await client.call('farm.status', {})) as unknown as Parameters<typeof textOf>[0]),
    /1 of \d+ workers make it/,
  );
});

test('with the permissions of deploy/nats.conf a farm does all it needs, and a worker hands out no jobs', {
  skip,
}, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  Object.assign(process.env, { FOLEYD_SERVER_PASSWORD: 'of-a-server', FOLEYD_WORKER_PASSWORD: 'of-a-worker' });
  const closed = await TestBroker.start(['--config', fileURLToPath(new URL('./deploy/nats.conf', import.meta.url))]);
  const as = (user: string) => ({ url: closed.url.replace('//', `//${user}:of-a-${user}@`) });
  worker(undefined, {}, [], as('worker'));
  const server = desk(undefined, as('server'));
  t.after(() => closed.stop());
  await served(server, voiceDir);
  const [bulk, live] = [{}, { urgent: true }].map((change, seed) => make(server, order(voiceDir, seed, change)));
  assert.deepEqual([(await bulk)?.maker?.worker, (await live)?.maker?.worker], ['render-1', 'render-1']);
  const failed = server.run(order(voiceDir, 3), () => undefined);
  failed.cancel();
  await assert.rejects(failed.done, { code: 'cancelled' });
  assert.equal((await server.farm.status()).problem, null);
  const options = { servers: new URL(closed.url).host, user: 'worker', pass: 'of-a-worker' };
  const nats = await connect(options);
  try {
    const refused = nats.status()[Symbol.asyncIterator]().next();
    nats.publish('foleyd.job.live.x.y');
    assert.match(JSON.stringify(await refused), /error/);
  } finally {
    await nats.close();
  }
});
