import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressProblem, shown } from './address.ts';
import { featuresIn } from './arithmetic.ts';
import { readEvents, readOutcome, readResult, writeEvents, writeOutcome, writeResult } from './messages.ts';
import { type FarmRequest, readJob, writeJob } from './recipe.ts';

const request: FarmRequest = {
  classWeights: [0.25, 0.75],
  seed: 2 ** 32 - 1,
  temperature: 0.9,
  topK: 40,
  topP: 0.95,
  guidance: 1.5,
  avoid: [1, 0],
  contour: Float32Array.from([-10.5, -20.25]),
  density: { perSecond: 2.5, seed: 7, frame: 344 },
  guideFollowed: true,
  rate: 48_000,
  previews: true,
  stream: false,
  start: { codes: Uint16Array.from([1, 2, 65_535]), given: Uint8Array.from([1, 0, 1]) },
};
const maker = { worker: 'render-1', fingerprint: 'f'.repeat(32) };

/** As a message comes: somewhere in the middle of a larger buffer, at an odd address. */
function received(bytes: Uint8Array): Buffer {
  const whole = Buffer.alloc(bytes.length + 9, 0xaa);
  whole.set(bytes, 3);
  return whole.subarray(3, 3 + bytes.length);
}

test('a job says all that was asked for, wherever its bytes lie', () => {
  const { hash, bytes } = writeJob('print', request);
  assert.deepEqual(readJob('print', hash, received(bytes)), request);
});

test('whatever decides a clip changes the hash of its job, and nothing else does', () => {
  const { hash } = writeJob('print', request);
  const hashOf = (change: Partial<FarmRequest>) => writeJob('print', { ...request, ...change }).hash;
  assert.equal(hashOf({ previews: false, stream: true }), hash);
  assert.equal(writeJob('print', Object.fromEntries(Object.entries(request).reverse()) as never).hash, hash);
  const changes: Partial<FarmRequest>[] = [
    { classWeights: [0.75, 0.25] },
    { seed: 1 },
    { temperature: 1 },
    { topK: 41 },
    { topP: 1 },
    { guidance: 1 },
    { avoid: [0, 1] },
    { contour: Float32Array.from([-10.5, -20]) },
    { density: { perSecond: 2.5, seed: 8, frame: 344 } },
    { guideFollowed: false },
    { rate: 44_100 },
    { stream: true, live: true },
    { start: { codes: Uint16Array.from([1, 2, 3]), given: Uint8Array.from([1, 0, 1]) } },
  ];
  const hashes = changes.map(hashOf);
  assert.equal(new Set([hash, writeJob('other', request).hash, ...hashes]).size, changes.length + 2);
});

test('a job is refused that is not the one its hash names, and bytes that are none', () => {
  const { hash, bytes } = writeJob('print', request);
  assert.throws(() => readJob('other', hash, bytes), /not the one its hash names/);
  assert.throws(() => readJob('print', hash, bytes.subarray(0, 20)), /not msgpack/);
  assert.throws(() => readJob('print', hash, Uint8Array.of(0x80)), /the job is not one/);
});

test('results and events come as they were sent, wherever their bytes lie', () => {
  const timings = { sampleMs: 1, decodeMs: 2, vocodeMs: 3, firstRowMs: 1, firstPreviewMs: null, totalMs: 6 };
  const result = { codes: Uint16Array.of(7, 500), rate: 22_050, pcm: Float32Array.of(0.5, -0, 1e-30), timings, maker };
  assert.deepEqual(readResult(received(writeResult(result))), result);
  const outcomes = [
    { state: 'done', result },
    { state: 'stored', sha256: 'a'.repeat(64), bytes: 5, maker },
    { state: 'failed', code: 'engine_failed', message: 'no', worker: 'render-1' },
    { state: 'retrying', message: 'not yet', worker: 'render-1' },
  ] as const;
  for (const outcome of outcomes) assert.deepEqual(readOutcome(received(writeOutcome(outcome))), outcome);
  // As a key that was deleted, and what an older worker wrote.
  for (const text of ['', '{"state":"done"}']) assert.equal(readOutcome(Buffer.from(text)), null);
  const row = { type: 'row', row: 3, rows: 8, codes: Uint16Array.of(1, 2, 3) } as const;
  const part = { type: 'audio', offset: 5, total: 9, rate: 22_050, pcm: Float32Array.of(0.25) } as const;
  const preview = { type: 'preview', codebooks: 2, rate: 22_050, pcm: Float32Array.of(1) } as const;
  const rows = Array.from({ length: 200 }, (_, at) => ({ ...row, row: at }));
  const events = [{ type: 'started' }, ...rows, part, preview] as const;
  const told = readEvents(received(writeEvents([...events, { type: 'ended' }])!));
  assert.deepEqual(told, [...events.map((event) => ({ type: 'engine', event })), { type: 'ended' }]);
  assert.equal(writeEvents([]), null);
});

test('the URL of a broker is nats or tls with a host, and is shown without what is secret in it', () => {
  assert.equal(addressProblem('nats://10.0.0.1:4222,tls://render.example'), null);
  assert.match(addressProblem('http://10.0.0.1') ?? '', /expected nats:\/\/HOST:PORT/);
  assert.match(addressProblem('10.0.0.1:4222') ?? '', /expected nats:\/\/HOST:PORT/);
  assert.equal(shown('nats://me:secret@one:4222,nats://token@two'), 'nats://one:4222,nats://two');
  assert.doesNotMatch(addressProblem('http://me:secret@one') ?? '', /secret/);
});

test('the features of a processor are read from what Linux says of it', () => {
  assert.deepEqual([...featuresIn('processor\t: 0\nflags\t\t: fpu avx2 fma\n')], ['fpu', 'avx2', 'fma']);
  assert.deepEqual([...featuresIn('Features\t: fp asimd\n')], ['fp', 'asimd']);
});
