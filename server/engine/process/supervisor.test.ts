import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Engine, EngineEvent, EngineRequest, EngineResult, EngineRun } from '../engine.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { card, fixtures, golden, request, voiceDir } from '../fixtures.ts';
import { createEngine } from './pool.ts';

const engines: Engine[] = [];
after(() => Promise.all(engines.map((engine) => engine.close())));

function start(): Engine {
  const engine = createEngine({ threads: 1 });
  engines.push(engine);
  return engine;
}

const quiet = (): void => undefined;
const fails = (code: EngineErrorCode) => (error: unknown) => {
  assert.ok(error instanceof EngineError, String(error));
  assert.equal(error.code, code);
  return true;
};

function same(a: EngineResult, b: EngineResult): void {
  assert.deepEqual(a.codes, b.codes);
  assert.deepEqual(
    Buffer.from(a.pcm.buffer, a.pcm.byteOffset, a.pcm.byteLength),
    Buffer.from(b.pcm.buffer, b.pcm.byteOffset, b.pcm.byteLength),
  );
}

const engine = start();

for (const name of fixtures) {
  test(`${name}: rows arrive in order and make up the grid`, async () => {
    const events: EngineEvent[] = [];
    const { codes, pcm, rate, timings } = await engine.run(request(name, { previews: true }), (event) =>
      events.push(event),
    ).done;
    const { grid, audio } = card(name);
    assert.equal(events[0]?.type, 'started');
    const rows = events.filter((event) => event.type === 'row');
    assert.deepEqual(
      rows.map(({ row }) => row),
      Array.from({ length: grid.rows }, (_, row) => row),
    );
    assert.deepEqual(
      rows.flatMap((event) => [...event.codes]),
      [...codes],
    );
    assert.equal(pcm.length, audio.samples);
    assert.equal(rate, 22050);
    assert.ok(pcm.every((v) => Math.abs(v) <= 1) && pcm.some((v) => v !== 0));
    assert.ok(timings.firstRowMs <= timings.sampleMs && timings.sampleMs <= timings.totalMs);
  });
}

test('a preview comes when its codebook is done, or where rows are time when a further quarter is', async () => {
  const order: string[] = [];
  await engine.run(request('tiny', { previews: true }), (e) => order.push(e.type === 'row' ? `row ${e.row}` : e.type))
    .done;
  // It is rendered while rows go on.
  assert.ok(order.indexOf('preview') > order.indexOf('row 3'));
  assert.deepEqual(
    order.slice(1).filter((event) => event !== 'preview'),
    ['row 0', 'row 1', 'row 2', 'row 3', 'row 4', 'row 5', 'row 6', 'row 7'],
  );
  const lengths: number[] = [];
  const { pcm } = await engine.run(request('tiny-time', { previews: true }), (event) => {
    if (event.type === 'preview')
      lengths.push(event.pcm.length / event.rate - (event.seconds ?? Number.NaN), event.pcm.length);
  }).done;
  assert.equal(lengths.length, 6);
  assert.deepEqual([lengths[0], lengths[2], lengths[4]], [0, 0, 0]);
  assert.ok(
    lengths[1]! < lengths[3]! && lengths[3]! < lengths[5]! && lengths[5]! < pcm.length,
    `${lengths} of ${pcm.length}`,
  );
});

test('the same request gives the same bits, alone, in another process and beside other load', async () => {
  const wanted = request('tiny', { seed: 4_000_000_000 });
  const first = await engine.run(wanted, quiet).done;
  const busy = start();
  const others = Array.from(
    { length: 6 },
    (_, seed) => busy.run(request('tiny', { seed, previews: true }), quiet).done,
  );
  const around = [1, 2].map((seed) => engine.run(request('tiny-time', { seed, temperature: 1.5 }), quiet).done);
  const again = engine.run(wanted, quiet).done;
  const behind = engine.run(request('tiny', { seed: 9, rate: 48000 }), quiet).done;
  same(await again, first);
  const elsewhere = busy.run(wanted, quiet).done;
  await Promise.all([...others, ...around, behind]);
  same(await elsewhere, first);
});

test('previews change nothing of the clip', async () => {
  same(
    await engine.run(request('tiny', { previews: true }), quiet).done,
    await engine.run(request('tiny'), quiet).done,
  );
});

test('another seed, class or temperature gives another clip', async () => {
  const { codes } = await engine.run(request('tiny'), quiet).done;
  for (const change of [
    { seed: 2 },
    { classWeights: [0, 1, 0, 0, 0, 0, 0] },
    { temperature: 1.7 },
    { topK: 2 },
    { topP: 0.3 },
  ]) {
    const other = await engine.run(request('tiny', change), quiet).done;
    assert.notDeepEqual(other.codes, codes, JSON.stringify(change));
  }
});

test('given codes are decoded as they are', async () => {
  const known = golden('tiny');
  const codes = Uint16Array.from(known.codes);
  const rows: EngineEvent[] = [];
  const result = await engine.run(request('tiny', { codes }), (event) => event.type === 'row' && rows.push(event)).done;
  assert.deepEqual(result.codes, codes);
  assert.equal(rows.length, 0);
  for (const [i, v] of known.whole.audioEvery97th.entries()) assert.ok(Math.abs(result.pcm[i * 97]! - v) < 2e-4);
});

test('audio comes at the rate asked for', async () => {
  const { pcm, rate } = await engine.run(request('tiny', { rate: 48000 }), quiet).done;
  assert.equal(rate, 48000);
  assert.equal(pcm.length, Math.round((6144 * 48000) / 22050));
});

/** Makes clips until one ends otherwise than well, as an interruption from outside can come too late for a tiny clip. */
async function interrupted(by: Engine, interrupt: (run: EngineRun) => void): Promise<{ error: unknown; rows: number }> {
  for (;;) {
    let rows = 0;
    const run = by.run(request('tiny'), (event) => {
      if (event.type === 'row' && rows++ === 0) interrupt(run);
    });
    try {
      await run.done;
    } catch (error) {
      return { error, rows };
    }
  }
}

test('a running clip stops between rows, and the next is unharmed', { timeout: 300_000 }, async () => {
  const whole = await engine.run(request('tiny'), quiet).done;
  // A clip of this size is made in a few milliseconds: now and then it is done before it hears of it.
  let fewest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20 && fewest >= card('tiny').grid.rows; i++) {
    const { error, rows } = await interrupted(engine, (run) => run.cancel());
    assert.ok(fails('cancelled')(error));
    fewest = Math.min(fewest, rows);
  }
  assert.ok(fewest < card('tiny').grid.rows, `${fewest} rows`);
  same(await engine.run(request('tiny'), quiet).done, whole);
});

test('a queued clip is cancelled at once, a finished one not at all', async () => {
  const running = engine.run(request('tiny'), quiet);
  const queued = engine.run(request('tiny'), quiet);
  queued.cancel();
  await assert.rejects(queued.done, fails('cancelled'));
  await running.done;
  running.cancel();
  queued.cancel();
  await engine.run(request('tiny'), quiet).done;
});

test('a killed engine fails its clip, and the next come from a new process', { timeout: 300_000 }, async () => {
  const doomed = start();
  await doomed.load(voiceDir('tiny'));
  const { pid } = doomed.info();
  const { error } = await interrupted(doomed, () => process.kill(doomed.info().pid!, 'SIGKILL'));
  assert.ok(fails('engine_crashed')(error));
  same(await doomed.run(request('tiny'), quiet).done, await engine.run(request('tiny'), quiet).done);
  assert.ok(doomed.info().restarts > 0);
  assert.notEqual(doomed.info().pid, pid);
});

test('wrong requests fail and harm nobody', async () => {
  const wrong: Partial<EngineRequest>[] = [
    { classWeights: [1] },
    { classWeights: [Number.NaN, 0, 0, 0, 0, 0, 0] },
    { classWeights: [0.5, 0, 0, 0, 0, 0, 0] },
    { temperature: Number.NaN },
    { temperature: -1 },
    { topP: 0 },
    { topK: 1.5 },
    { rate: Number.POSITIVE_INFINITY },
    { seed: 2 ** 32 },
    { codes: new Uint16Array(5) },
    { codes: new Uint16Array(48).fill(16) },
  ];
  for (const change of wrong)
    await assert.rejects(engine.run(request('tiny', change), quiet).done, fails('engine_failed'));
  await engine.run(request('tiny'), quiet).done;
});

test('a closed engine refuses and leaves no process behind', async () => {
  const closing = createEngine({ threads: 1 });
  await closing.load(voiceDir('tiny'));
  const { pid } = closing.info();
  const open = closing.run(request('tiny'), quiet).done;
  await Promise.all([assert.rejects(open, fails('engine_unavailable')), closing.close()]);
  await assert.rejects(closing.run(request('tiny'), quiet).done, fails('engine_unavailable'));
  assert.throws(() => process.kill(pid!, 0));
  assert.equal(closing.info().state, 'closed');
});
