/** Guided clips: two branches that share their codes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { defaultGuidance, defaultGuideFollowed, unknownClasses } from '../../cards/guidance.ts';
import { EngineError } from '../errors.ts';
import { fixtures, request, voiceDir } from '../fixtures.ts';
import { generateClip } from './generate-clip.ts';
import { guide, negativeWeights } from './guidance.ts';
import type { SampleOptions } from './sampled-clip.ts';
import { Voice } from './voice.ts';

const drawing = { temperature: 1, topK: 0, topP: 1, onRow: () => undefined };

function options(voice: Voice, seed: number, more: Partial<SampleOptions> = {}): SampleOptions {
  const classWeights = voice.card.classes.map((_, id) => (id === seed % voice.card.classes.length ? 1 : 0));
  return { ...drawing, classWeights, seed, ...more };
}

/** Logits of every cell, one after the other. */
async function logitsOf(voice: Voice, asked: SampleOptions): Promise<{ codes: Uint16Array; logits: Float32Array[] }> {
  const logits: Float32Array[] = [];
  const codes = await voice.sampler.sample({ ...asked, onLogits: (_, values) => void logits.push(values.slice()) });
  return { codes, logits };
}

for (const name of fixtures) {
  test(`${name}: a guided clip's logits are those of its class and of the rest, in every bit`, async () => {
    const voice = await Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
    const avoid = voice.card.classes.map((_, id) => (id === 1 ? 0.25 : id === 2 ? 0.75 : 0));
    for (const more of [{ guidance: 1 }, { guidance: 2.5, avoid }]) {
      const { codes, logits } = await logitsOf(voice, options(voice, 3, more));
      const start = { codes, given: new Uint8Array(codes.length).fill(1) };
      const own = await logitsOf(voice, options(voice, 3, { start }));
      const classWeights = negativeWeights(voice.card, 'avoid' in more ? more.avoid : undefined);
      const rest = await logitsOf(voice, { ...options(voice, 3, { start }), classWeights });
      for (const [cell, values] of logits.entries()) {
        const expected = new Float32Array(values.length);
        guide(own.logits[cell]!, rest.logits[cell]!, more.guidance, expected);
        assert.deepEqual(values, expected, `cell ${cell}`);
      }
    }
    await voice.close();
  });

  test(`${name}: no bit of a guided clip depends on who is sampled beside it`, async () => {
    const voice = await Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
    const { rows } = voice.axes;
    const asked = [
      options(voice, 1, { guidance: 1 }),
      options(voice, 2),
      options(voice, 3, { guidance: 2, urgent: true }),
      options(voice, 4, { urgent: true }),
      options(voice, 5, { guidance: 0.5, avoid: options(voice, 1).classWeights }),
      options(voice, 1, { guidance: 0 }),
    ];
    const alone: Uint16Array[] = [];
    for (const one of asked) alone.push(await voice.sampler.sample(one));
    assert.notDeepEqual(alone[0], alone[5]);
    assert.deepEqual(alone[5], await voice.sampler.sample(options(voice, 1)));
    // The later ones join while the first are at it, and one leaves early.
    const waiting = asked.map((one, i) => ({ i, one })).slice(2);
    const together: Promise<void>[] = [];
    const begin = ({ i, one }: { i: number; one: SampleOptions }): void => {
      const onRow = (): void => {
        const next = waiting.shift();
        if (next !== undefined) begin(next);
      };
      const ended = voice.sampler.sample({ ...one, onRow });
      together.push(ended.then((codes) => assert.deepEqual(codes, alone[i], `clip ${i}`)));
    };
    const leaves = (row: number): void => assert.ok(row < Math.min(2, rows - 1), 'gone');
    const gone = voice.sampler.sample(options(voice, 9, { guidance: 1, onRow: leaves }));
    together.push(assert.rejects(gone, { message: 'gone' }));
    begin({ i: 0, one: asked[0]! });
    begin({ i: 1, one: asked[1]! });
    for (let ended = 0; ended < together.length; ended++) await together[ended];
    assert.equal(together.length, asked.length + 1);
    await voice.close();
  });
}

test('guided clips that begin alike share their rows, but not with one that is led away from something else', async () => {
  const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  after(() => voice.close());
  const { rows, cols } = voice.axes;
  const whole = await voice.sampler.sample(options(voice, 3, { guidance: 1 }));
  const start = { codes: whole, given: Uint8Array.from(whole, (_, cell) => (cell < 5 * cols ? 1 : 0)) };
  const { classWeights } = options(voice, 3);
  const branch = (seed: number, more: Partial<SampleOptions>) => options(voice, seed, { start, classWeights, ...more });
  const asked = [
    branch(11, { guidance: 1 }),
    branch(12, { guidance: 3 }),
    branch(13, {}),
    branch(14, { guidance: 1, avoid: options(voice, 1).classWeights }),
  ];
  const alone: Uint16Array[] = [];
  for (const one of asked) alone.push((await logitsOf(voice, one)).codes);
  const together = await Promise.all(asked.map((one) => logitsOf(voice, one)));
  assert.deepEqual(
    together.map(({ codes }) => codes),
    alone,
  );
  // How strongly it is guided does not matter for codes that are given.
  assert.deepEqual(
    together.map(({ logits }) => logits.length / cols),
    [rows, rows - 5, rows, rows],
  );
});

test('more guidance makes the class likelier, and none of it leaves the logits alone', () => {
  const [own, rest, out] = [Float32Array.of(1, 0, -1), Float32Array.of(0, 0, 0), new Float32Array(3)];
  guide(own, rest, 1, out);
  assert.deepEqual([...out], [2, 0, -2]);
  guide(own, rest, 0, out);
  assert.deepEqual([...out], [1, 0, -1]);
});

test('guidance makes no code likely that the class itself hardly knows', () => {
  const [own, rest] = [Float32Array.of(0, -1, -8), Float32Array.of(0, -1, -14)];
  const out = new Float32Array(3);
  guide(own, rest, 3, out);
  assert.deepEqual(out, Float32Array.of(0, -1, 10));
  guide(own, rest, 3, out, 0.01);
  assert.deepEqual(out, Float32Array.of(0, -1, Number.NEGATIVE_INFINITY));
  guide(own, rest, 3, out, 0.0001);
  assert.deepEqual(out, Float32Array.of(0, -1, 10));
  // Of a prior that returned no numbers the cell is still told to be wrong.
  guide(Float32Array.of(0, Number.NaN, -8), rest, 3, out, 0.01);
  assert.ok(Number.isNaN(out[1]));
});

test('a clip is drawn from plausible codes alone where the card says so', async () => {
  const voice = await Voice.open(voiceDir('tiny-stacked'), { provider: 'cpu', threads: 1 });
  const plausible = 0.5;
  (voice.card as { sampling?: object }).sampling = { guidance: { default: 1, plausible } };
  const { codes, logits } = await logitsOf(voice, options(voice, 3, { guidance: 4 }));
  const start = { codes, given: new Uint8Array(codes.length).fill(1) };
  const own = await logitsOf(voice, options(voice, 3, { start }));
  let left = 0;
  for (const [cell, values] of logits.entries()) {
    const least = Math.max(...own.logits[cell]!) + Math.log(plausible);
    for (const [code, value] of values.entries())
      assert.equal(value === Number.NEGATIVE_INFINITY, own.logits[cell]![code]! < least, `cell ${cell}, code ${code}`);
    assert.ok(own.logits[cell]![codes[cell]!]! >= least, `cell ${cell}`);
    left += values.filter((value) => value === Number.NEGATIVE_INFINITY).length;
  }
  assert.ok(left > 0);
  await voice.close();
});

test('without a wish it leads away from all classes alike, or from no class where the prior knows what that is', () => {
  const classes = [0, 1, 2, 3];
  assert.deepEqual(negativeWeights({ classes, prior: {} }), [0.25, 0.25, 0.25, 0.25]);
  assert.deepEqual(negativeWeights({ classes, prior: { nullClass: true } }), [0, 0, 0, 0]);
  assert.deepEqual(negativeWeights({ classes, prior: { nullClass: true } }, [0, 1, 0, 0]), [0, 1, 0, 0]);
});

test('a card without guidance guides nothing; of a mix the guidance is the mean of its classes', () => {
  const classes = [{ name: 'DogBark' }, { name: 'Rain' }];
  const sampling = { guidance: { default: 1, classes: { Rain: 2 } } };
  assert.equal(defaultGuidance({ classes }, [1, 0]), 0);
  const all = [
    [1, 0],
    [0, 1],
    [0.25, 0.75],
  ].map((weights) => defaultGuidance({ classes, sampling }, weights));
  assert.deepEqual(all, [1, 2, 1.75]);
});

test('guidance out of range and weights to avoid that are none are refused', async () => {
  const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  after(() => voice.close());
  const nothing = voice.card.classes.map(() => 0);
  const cases: [Parameters<typeof request>[1], RegExp][] = [
    [{ guidance: -0.1 }, /guidance must lie in 0\.\.8/],
    [{ guidance: 8.1 }, /guidance must lie in 0\.\.8/],
    [{ guidance: Number.NaN }, /guidance must lie in 0\.\.8/],
    [{ guidance: 1, avoid: [1] }, /avoid: 1 weights for 7 classes/],
    [{ guidance: 1, avoid: nothing }, /avoid: weights must sum to 1/],
    [{ guidance: 1, avoid: [2, -1, ...nothing.slice(2)] }, /avoid: weights must lie in 0\.\.1/],
  ];
  for (const [change, why] of cases) {
    const making = generateClip(
      voice,
      request('tiny', change),
      () => undefined,
      () => false,
    );
    await assert.rejects(making, (error) => error instanceof EngineError && why.test(error.message));
  }
});

test('guidance strengthens what is followed of the classes that the card names, of a mix of what most of it is', () => {
  const classes = ['Beep', 'Hiss', 'Thud'].map((name) => ({ name }));
  const of = (followed: string[] | undefined, weights: number[]): boolean =>
    defaultGuideFollowed({ classes, sampling: { guidance: { default: 1, ...(followed && { followed }) } } }, weights);
  assert.equal(defaultGuideFollowed({ classes }, [1, 0, 0]), false);
  assert.equal(of(undefined, [1, 0, 0]), false);
  assert.deepEqual([of(['Hiss'], [1, 0, 0]), of(['Hiss'], [0, 1, 0])], [false, true]);
  assert.deepEqual([of(['Hiss'], [0.4, 0.6, 0]), of(['Hiss'], [0.5, 0.5, 0])], [true, false]);
  assert.deepEqual(unknownClasses({ classes, sampling: { guidance: { default: 1, followed: ['Hiss', 'Boom'] } } }), [
    'Boom',
  ]);
});
