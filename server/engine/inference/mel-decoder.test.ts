import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { card as cardOf, voiceDir } from '../fixtures.ts';
import { Graph } from '../onnx/runtime.ts';
import { GridAxes } from './code-grid.ts';
import { framesPerTime, MelDecoder, type PartOfMel } from './mel-decoder.ts';

const card = cardOf('tiny-stacked');
const axes = new GridAxes(card);
const graph = await Graph.open(voiceDir('tiny-stacked'), card, 'decoder', { provider: 'cpu', threads: 1 });
after(() => graph.release());
const codes = Uint16Array.from({ length: axes.rows * axes.perRow }, (_, i) => (i * 7 + 3) % card.latent.codes);
const each = framesPerTime(card);

/** Frame `frame` of the clip, every bin. */
function frameOf({ bands, from, frames }: PartOfMel, frame: number): number[] {
  return Array.from({ length: card.mel.bins }, (_, bin) => bands[bin * frames + frame - from]!);
}

test('the decoder of a new voice takes any number of places in time', () => {
  assert.equal(graph.isFree('codes', 3), true);
  assert.equal(graph.isFree('codes', 2), false);
  assert.equal(graph.isFree('no such input', 0), false);
});

test('of a part only the places in time that it needs are decoded', async () => {
  const whole = await new MelDecoder(card, axes, graph).decode(codes);
  assert.deepEqual([whole.from, whole.frames], [0, card.mel.frames]);
  const part = await new MelDecoder(card, axes, graph).decode(codes, { fromFrame: each + 1, toFrame: 5 * each - 1 });
  assert.deepEqual([part.from, part.frames], [each, 4 * each]);
});

test('a graph for whole grids alone gives all frames', async () => {
  const old = new MelDecoder(card, axes, { run: (feeds) => graph.run(feeds), isFree: () => false });
  const [part, whole] = [await old.decode(codes, { fromFrame: 8, toFrame: 12 }), await old.decode(codes)];
  assert.deepEqual(part, whole);
});

test('codes of places that are not known yet are absent, and decoded where they are asked for', async () => {
  const decoder = new MelDecoder(card, axes, graph);
  const known = await decoder.decode(codes, { times: 2 });
  assert.equal(known.frames, 2 * each);
  const further = await decoder.decode(codes, { times: 2, toFrame: card.mel.frames });
  const absent = codes.map((code, i) => (Math.floor(i / axes.perRow) < 2 ? code : axes.absent));
  assert.deepEqual(further, await decoder.decode(absent));
  assert.notDeepEqual(frameOf(further, 0), frameOf(further, card.mel.frames - 1));
});
