/** Clips that are sampled together: none can tell that it was not alone. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fixtures, voiceDir } from '../fixtures.ts';
import type { SampleOptions } from './sampled-clip.ts';
import type { Sampler } from './sampler.ts';
import { Voice } from './voice.ts';

interface Told {
  codes: Uint16Array;
  logits: Map<number, Float32Array>;
}

const drawing = { temperature: 1, topK: 0, topP: 1 };

function options(voice: Voice, seed: number): SampleOptions {
  const classes = voice.card.classes.length;
  const classWeights = Array.from({ length: classes }, (_, index) => (index === seed % classes ? 1 : 0));
  return { ...drawing, classWeights, seed, onRow: () => undefined };
}

/** The clip, and every logit it was drawn from. */
async function sampled(sampler: Sampler, asked: SampleOptions): Promise<Told> {
  const logits = new Map<number, Float32Array>();
  const codes = await sampler.sample({ ...asked, onLogits: (cell, values) => void logits.set(cell, values.slice()) });
  return { codes, logits };
}

/** mulberry32: a small generator, so that a failing order of events can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

for (const name of fixtures) {
  const opened = Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
  after(async () => (await opened).close());

  test(`${name}: no bit of a clip depends on who is sampled beside it, joins, leaves or is urgent`, async () => {
    const voice = await opened;
    const { sampler } = voice;
    const alone: Told[] = [];
    for (let seed = 0; seed < 6; seed++) alone.push(await sampled(sampler, options(voice, seed)));
    for (const disorder of [1, 2, 3]) {
      const random = generator(disorder);
      const gone = new Error('its client is gone');
      const together: Promise<void>[] = [];
      const join = (seed: number): void => {
        const asked = options(voice, seed);
        const leavesAfter = random() < 0.25 ? Math.floor(random() * voice.axes.rows) : null;
        asked.urgent = random() < 0.4;
        asked.onRow = (row) => {
          if (random() < 0.3 && waiting.length > 0) join(waiting.pop()!);
          if (row === leavesAfter) throw gone;
        };
        const check = ({ codes, logits }: Told): void => {
          const expected = alone[seed]!;
          assert.deepEqual(codes, expected.codes, `codes of clip ${seed}, order ${disorder}`);
          for (const [cell, values] of expected.logits)
            assert.deepEqual(logits.get(cell), values, `logits of cell ${cell}, clip ${seed}, order ${disorder}`);
        };
        const left = (error: unknown): void => assert.equal(error, gone);
        together.push(sampled(sampler, asked).then(check, left));
      };
      const waiting = [0, 1, 2, 3, 4, 5].sort(() => random() - 0.5);
      join(waiting.pop()!);
      join(waiting.pop()!);
      for (let ended = 0; ended < together.length; ended++) {
        await together[ended];
        if (ended === together.length - 1 && waiting.length > 0) join(waiting.pop()!);
      }
      assert.equal(together.length, 6);
    }
  });
}

test('codes that are given are kept, and the rest is drawn as if they had been drawn', async () => {
  const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  after(() => voice.close());
  const whole = await voice.sampler.sample(options(voice, 3));
  const given = new Uint8Array(whole.length);
  given.fill(1, 0, voice.axes.cols * 3 + 2);
  const again = await voice.sampler.sample({ ...options(voice, 3), start: { codes: whole, given } });
  assert.deepEqual(again, whole);
  const other = await voice.sampler.sample({ ...options(voice, 4), start: { codes: whole, given } });
  const kept = voice.axes.cols * 3 + 2;
  assert.deepEqual(other.subarray(0, kept), whole.subarray(0, kept));
  assert.notDeepEqual(other.subarray(kept), whole.subarray(kept));
});

for (const name of fixtures) {
  test(`${name}: what several clips have in common is computed once, and none can tell`, async () => {
    const voice = await Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
    const { sampler, axes } = voice;
    const { rows, perRow } = axes;
    const whole = await sampler.sample(options(voice, 3));
    const branch = (seed: number, row: number, classSeed = 3): SampleOptions => ({
      ...options(voice, seed),
      classWeights: options(voice, classSeed).classWeights,
      start: { codes: whole, given: Uint8Array.from(whole, (_, cell) => (cell < row * perRow ? 1 : 0)) },
    });
    const asked = [
      branch(11, 5),
      branch(12, 5),
      branch(13, rows - 1),
      branch(14, 3),
      branch(15, 5, 4),
      branch(16, rows),
    ];
    const alone: Told[] = [];
    for (const one of asked) alone.push(await sampled(sampler, one));
    const together = await Promise.all(asked.map((one) => sampled(sampler, one)));
    const computed = together.map(({ logits }) => logits.size / perRow);
    for (const [i, { codes, logits }] of together.entries()) {
      assert.deepEqual(codes, alone[i]!.codes, `clip ${i}`);
      for (const [cell, values] of logits)
        assert.deepEqual(values, alone[i]!.logits.get(cell), `clip ${i}, cell ${cell}`);
    }
    // The second, third and last follow the first for five rows, the fourth for three; another class follows nobody.
    assert.deepEqual(computed, [rows, rows - 5, rows - 5, rows - 3, rows, rows - 5]);

    const seen: number[] = [];
    const fails = { ...branch(11, 5), onRow: (row: number) => assert.ok(row < 2, 'gone') };
    const follows = { ...branch(12, 5), onRow: (row: number) => void seen.push(row) };
    const [failed, followed] = await Promise.allSettled([sampler.sample(fails), sampler.sample(follows)]);
    assert.equal(failed.status, 'rejected');
    assert.deepEqual(followed.status === 'fulfilled' && followed.value, alone[1]!.codes);
    assert.deepEqual(
      seen,
      Array.from({ length: rows }, (_, row) => row),
    );
    await voice.close();
  });
}

test('an urgent clip ends before one that began long before it, and both end', async () => {
  const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  after(() => voice.close());
  const ends: string[] = [];
  let urgent: Promise<unknown> | null = null;
  const bulk = voice.sampler.sample({
    ...options(voice, 1),
    onRow: (row) => {
      if (row !== 2) return;
      urgent = voice.sampler.sample({ ...options(voice, 2), urgent: true }).then(() => ends.push('urgent'));
    },
  });
  await bulk.then(() => ends.push('bulk'));
  await urgent;
  assert.deepEqual(ends, ['urgent', 'bulk']);
});

test('others stand back most while an urgent clip begins, and never for good', async () => {
  const voice = await Voice.open(voiceDir('tiny-stacked'), { provider: 'cpu', threads: 1 });
  after(() => voice.close());
  const { rows } = voice.axes;
  // Rows of the bulk clip by those of the urgent one that were there.
  const beside = new Map<number, number>();
  let [begun, known] = [false, 0];
  let urgent: Promise<unknown> = Promise.resolve();
  const bulk = voice.sampler.sample({
    ...options(voice, 1),
    onRow: () => {
      if (!begun) {
        begun = true;
        urgent = voice.sampler.sample({ ...options(voice, 2), urgent: true, onRow: () => void known++ });
      } else if (known < rows) beside.set(known, (beside.get(known) ?? 0) + 1);
    },
  });
  await Promise.all([bulk, urgent]);
  const within = (from: number, to: number): number =>
    [...beside].reduce((sum, [row, count]) => sum + (row >= from && row < to ? count : 0), 0);
  assert.ok(within(0, 8) <= 1, `${within(0, 8)} rows in the first 8`);
  assert.ok(rows < 17 || within(8, rows) >= Math.floor((rows - 8) / 4), `${within(8, rows)} in the rest`);
});

test('a clip whose listener fails ends alone, with the reason it gave', async () => {
  const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  after(() => voice.close());
  const alone = await voice.sampler.sample(options(voice, 1));
  const why = new Error('no room');
  const failing = voice.sampler.sample({
    ...options(voice, 2),
    onRow: (row) => (row === 3 ? Promise.reject(why) : undefined),
  });
  const beside = voice.sampler.sample(options(voice, 1));
  await assert.rejects(failing, why);
  assert.deepEqual(await beside, alone);
  const broken = voice.sampler.sample({
    ...options(voice, 2),
    onLogits: (cell, logits) => void (cell === 20 && logits.fill(Number.NaN)),
  });
  const besideBroken = voice.sampler.sample(options(voice, 1));
  await assert.rejects(broken, { code: 'engine_failed' });
  assert.deepEqual(await besideBroken, alone);
});
