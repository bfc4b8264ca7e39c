/** Loudness contours and average spectra: given, or drawn by the voice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EngineRequest } from '../engine.ts';
import { card, request, voiceDir } from '../fixtures.ts';
import { generateClip } from './generate-clip.ts';
import type { SampleOptions } from './sampled-clip.ts';
import { Voice } from './voice.ts';

const { frames, bins } = card('tiny-stacked').mel;
const [beep, thud] = [
  [1, 0, 0],
  [0, 0, 1],
];
let voice: Voice;
before(async () => {
  voice = await Voice.open(voiceDir('tiny-stacked'), { provider: 'cpu', threads: 1 });
});
after(() => voice.close());

const codesOf = async (change: Partial<EngineRequest>, of = voice): Promise<number[]> => {
  const { codes } = await generateClip(
    of,
    request('tiny-stacked', change),
    () => undefined,
    () => false,
  );
  return [...codes];
};
/** A spectrum that falls towards the high (1) or the low (-1) bins. */
const tilted = (towards: number): Float32Array =>
  Float32Array.from({ length: bins }, (_, i) => (-50 * (towards > 0 ? i : bins - 1 - i)) / (bins - 1));
const flat = (level: number): Float32Array => new Float32Array(frames).fill(level);

test('a voice draws the same contour and spectrum for the same seed, and others for others', async () => {
  const drawn = await Promise.all([1, 1, 2, 3, 4].map((seed) => voice.drawFollowed(beep, seed)));
  assert.deepEqual([drawn[0]!.contour!.length, drawn[0]!.spectrum!.length], [frames, bins]);
  assert.deepEqual(drawn[0], drawn[1]);
  assert.equal(new Set(drawn.map(({ contour }) => contour!.join())).size, 4);
  assert.equal(new Set(drawn.map(({ spectrum }) => spectrum!.join())).size, 4);
});

test('a class of which the voice holds no contour and no spectrum follows none', async () => {
  assert.deepEqual(await voice.drawFollowed(thud, 1), { contour: undefined, spectrum: undefined });
});

test('a clip follows the contour and the spectrum that are given, otherwise those that its seed draws', async () => {
  const { contour, spectrum } = await voice.drawFollowed(beep, 1);
  const own = await codesOf({ classWeights: beep });
  for (const given of [{ contour: contour! }, { spectrum: spectrum! }, { contour: contour!, spectrum: spectrum! }])
    assert.deepEqual(await codesOf({ classWeights: beep, ...given }), own);
  const others = [{ contour: flat(-10) }, { contour: flat(-80) }, { spectrum: tilted(1) }, { spectrum: tilted(-1) }];
  const made = [own];
  for (const given of others) made.push(await codesOf({ classWeights: beep, ...given }));
  assert.equal(new Set(made.map((codes) => codes.join())).size, made.length);
});

test('guidance leads away from a clip that follows nothing only where it shall strengthen what is followed', async () => {
  const followed = { contour: flat(-10), spectrum: tilted(1) };
  const logits = async (change: Partial<SampleOptions>): Promise<Float32Array> => {
    let first: Float32Array | undefined;
    const stop = new Error('the first code is enough');
    const onLogits = (_: number, all: Float32Array): void => {
      first ??= all.slice();
    };
    const options = { classWeights: beep, seed: 1, temperature: 1, topK: 0, topP: 1, onLogits, ...change };
    await voice.sampler.sample({ ...options, onRow: () => Promise.reject(stop) }).catch((error: unknown) => {
      if (error !== stop) throw error;
    });
    return first!;
  };
  const none = voice.card.classes.map(() => 0);
  const [own, free, plain] = [
    await logits({ followed }),
    await logits({ classWeights: none }),
    await logits({ classWeights: none, followed }),
  ];
  for (const [guideFollowed, rest] of [
    [true, free],
    [false, plain],
  ] as const) {
    const guided = await logits({ followed, guidance: 2, guideFollowed });
    for (const [code, logit] of guided.entries())
      assert.ok(Math.abs(logit - (own[code]! + 2 * (own[code]! - rest[code]!))) < 1e-3);
  }
});

test('no bit depends on clips beside it that follow other contours and spectra, guided or not', async () => {
  for (const [guidance, guideFollowed] of [
    [0, false],
    [2, false],
    [2, true],
  ] as const) {
    const asked = [
      { contour: flat(-10) },
      { contour: flat(-80), spectrum: tilted(1) },
      { spectrum: tilted(-1) },
      {},
    ].map((followed) => ({ classWeights: thud, guidance, guideFollowed, ...followed }));
    const alone: number[][] = [];
    for (const one of asked) alone.push(await codesOf(one));
    assert.deepEqual(await Promise.all(asked.map((one) => codesOf(one))), alone);
  }
});

test('clips that begin alike but follow different contours or spectra are not taken for one', async () => {
  const { rows, perRow } = voice.axes;
  const codes = new Uint16Array(rows * perRow);
  const given = new Uint8Array(codes.length).fill(1, 0, 3 * perRow);
  const start = { codes, given };
  for (const different of [
    [{ contour: flat(-10) }, { contour: flat(-80) }],
    [{ spectrum: tilted(1) }, { spectrum: tilted(-1) }],
  ]) {
    const asked = different.map((followed) => ({ classWeights: thud, start, ...followed }));
    const alone = [await codesOf(asked[0]!), await codesOf(asked[1]!)];
    assert.deepEqual(await Promise.all(asked.map((one) => codesOf(one))), alone);
    assert.notDeepEqual(alone[0], alone[1]);
  }
});

test('a contour or spectrum of another length, of no numbers, or for a voice that follows none is refused', async () => {
  for (const [followed, message] of [
    [{ contour: new Float32Array(3) }, /^3 levels for 24 mel frames$/],
    [{ contour: flat(Number.NaN) }, /^a level of the contour is not a number$/],
    [{ spectrum: new Float32Array(3) }, /^3 levels for 80 mel bins$/],
    [{ spectrum: tilted(1).fill(Number.NaN, 2, 3) }, /^a level of the spectrum is not a number$/],
  ] as const)
    await assert.rejects(codesOf(followed), { code: 'engine_failed', message });
  const other = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  const made = (followed: Partial<EngineRequest>): Promise<unknown> =>
    generateClip(
      other,
      request('tiny', followed),
      () => undefined,
      () => false,
    );
  try {
    await assert.rejects(made({ contour: flat(-10) }), { message: 'the voice does not follow a loudness contour' });
    await assert.rejects(made({ spectrum: tilted(1) }), { message: 'the voice does not follow an average spectrum' });
  } finally {
    await other.close();
  }
});
