/** Loudness contours: given, or drawn by the voice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EngineRequest } from '../engine.ts';
import { card, request, voiceDir } from '../fixtures.ts';
import { generateClip } from './generate-clip.ts';
import { Voice } from './voice.ts';

const { frames } = card('tiny-stacked').mel;
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
const flat = (level: number): Float32Array => new Float32Array(frames).fill(level);

test('a voice draws the same contour for the same seed, and others for others', async () => {
  const drawn = await Promise.all([1, 1, 2, 3, 4].map((seed) => voice.drawContour(beep, seed)));
  assert.equal(drawn[0]!.length, frames);
  assert.deepEqual(drawn[0], drawn[1]);
  assert.equal(new Set(drawn.map((levels) => levels!.join())).size, 4);
});

test('a class of which the voice holds no contour follows none', async () => {
  assert.equal(await voice.drawContour(thud, 1), undefined);
});

test('a clip follows the contour that is given, otherwise the one that its seed draws', async () => {
  const drawn = (await voice.drawContour(beep, 1))!;
  const own = await codesOf({ classWeights: beep });
  assert.deepEqual(await codesOf({ classWeights: beep, contour: drawn }), own);
  const given = await Promise.all([flat(-10), flat(-80)].map((contour) => codesOf({ classWeights: beep, contour })));
  assert.notDeepEqual(given[0], own);
  assert.notDeepEqual(given[0], given[1]);
});

test('no bit depends on clips beside it that follow other contours, guided or not', async () => {
  for (const guidance of [0, 2]) {
    const asked = [flat(-10), flat(-80), undefined].map((contour) => ({
      classWeights: thud,
      guidance,
      ...(contour && { contour }),
    }));
    const alone: number[][] = [];
    for (const one of asked) alone.push(await codesOf(one));
    assert.deepEqual(await Promise.all(asked.map((one) => codesOf(one))), alone);
  }
});

test('clips that begin alike but follow different contours are not taken for one', async () => {
  const { rows, perRow } = voice.axes;
  const codes = new Uint16Array(rows * perRow);
  const given = new Uint8Array(codes.length).fill(1, 0, 3 * perRow);
  const asked = [flat(-10), flat(-80)].map((contour) => ({ classWeights: thud, start: { codes, given }, contour }));
  const alone = [await codesOf(asked[0]!), await codesOf(asked[1]!)];
  assert.deepEqual(await Promise.all(asked.map((one) => codesOf(one))), alone);
  assert.notDeepEqual(alone[0], alone[1]);
});

test('a contour of another length, of no numbers, or for a voice that follows none is refused', async () => {
  for (const [contour, message] of [
    [new Float32Array(3), /^3 levels for 24 mel frames$/],
    [flat(Number.NaN), /^a level of the contour is not a number$/],
  ] as const)
    await assert.rejects(codesOf({ contour }), { code: 'engine_failed', message });
  const other = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  try {
    await assert.rejects(
      generateClip(
        other,
        request('tiny', { contour: flat(-10) }),
        () => undefined,
        () => false,
      ),
      { message: 'the voice does not follow a loudness contour' },
    );
  } finally {
    await other.close();
  }
});
