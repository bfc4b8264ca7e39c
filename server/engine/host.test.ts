import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Engine, EngineEvent, EngineRequest, EngineResult } from './engine.ts';
import { EngineError, type EngineErrorCode } from './errors.ts';
import { card, copyOf, fixtures, golden, request, voiceDir } from './fixtures.ts';
import { createEngine } from './host.ts';

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

test('a preview comes when its codebook is done, and only where the grid has one early', async () => {
  const order: string[] = [];
  await engine.run(request('tiny', { previews: true }), (e) => order.push(e.type === 'row' ? `row ${e.row}` : e.type))
    .done;
  assert.deepEqual(order.slice(1), ['row 0', 'row 1', 'row 2', 'row 3', 'preview', 'row 4', 'row 5', 'row 6', 'row 7']);
  const timeMajor: string[] = [];
  await engine.run(request('tiny-time', { previews: true }), (e) => timeMajor.push(e.type)).done;
  assert.ok(!timeMajor.includes('preview'));
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

test('a running clip stops between rows, a queued one at once, and the next is unharmed', async () => {
  const rows: number[] = [];
  const running = engine.run(request('tiny'), (event) => {
    if (event.type !== 'row') return;
    rows.push(event.row);
    if (event.row === 0) running.cancel();
  });
  const queued = engine.run(request('tiny'), quiet);
  queued.cancel();
  await assert.rejects(queued.done, fails('cancelled'));
  const next = engine.run(request('tiny'), quiet);
  await assert.rejects(running.done, fails('cancelled'));
  assert.ok(rows.length < card('tiny').grid.rows, `${rows.length} rows`);
  await next.done;
  running.cancel();
  next.cancel();
});

test('a killed engine fails the clip it was making, and the next ones come from a new process', async () => {
  const doomed = start();
  await doomed.load(voiceDir('tiny'));
  const { pid } = doomed.info();
  const running = doomed.run(request('tiny'), (event) => {
    if (event.type === 'row' && event.row === 1) process.kill(pid!, 'SIGKILL');
  });
  const queued = doomed.run(request('tiny', { seed: 3 }), quiet).done;
  await assert.rejects(running.done, fails('engine_crashed'));
  same(await queued, await engine.run(request('tiny', { seed: 3 }), quiet).done);
  assert.equal(doomed.info().restarts, 1);
  assert.notEqual(doomed.info().pid, pid);
});

test('wrong requests fail and harm nobody', async () => {
  const wrong: Partial<EngineRequest>[] = [
    { classWeights: [1] },
    { classWeights: [Number.NaN, 0, 0, 0, 0, 0, 0] },
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

test('a voice that is missing or broken says so, and the others still sing', async () => {
  const { dir, remove } = copyOf('tiny');
  const ask = (): Promise<EngineResult> => engine.run(request('tiny', { voiceDir: dir }), quiet).done;
  try {
    await ask();
    // The card is read for every clip: a voice exchanged on disk is loaded anew.
    writeFileSync(path.join(dir, 'card.json'), JSON.stringify({ ...card('tiny'), changed: true }));
    writeFileSync(path.join(dir, 'pixel.onnx'), 'no graph');
    await assert.rejects(ask(), fails('voice_corrupt'));
    rmSync(path.join(dir, 'pixel.onnx'));
    await assert.rejects(ask(), fails('voice_missing'));
    writeFileSync(path.join(dir, 'card.json'), '{');
    await assert.rejects(ask(), fails('voice_corrupt'));
    await assert.rejects(engine.load(path.join(dir, 'none')), fails('voice_missing'));
  } finally {
    remove();
  }
  await engine.run(request('tiny'), quiet).done;
});

test('graphs that do not fit their card are found when the voice is loaded', async () => {
  const { dir, remove } = copyOf('tiny');
  try {
    const { prior, ...rest } = card('tiny');
    writeFileSync(path.join(dir, 'card.json'), JSON.stringify({ ...rest, prior: { ...prior, channels: 24 } }));
    await assert.rejects(engine.load(dir), fails('voice_corrupt'));
  } finally {
    remove();
  }
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
