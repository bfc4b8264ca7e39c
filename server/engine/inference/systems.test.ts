/** The fixture voices of the paper's other systems: their grids, their previews, and frames that were padded. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { card, golden, voiceDir } from '../fixtures.ts';
import { Voice } from './voice.ts';

const systems = [
  // One codebook has no coarser version of itself to let anybody hear.
  { name: 'tiny-vq', grid: [20, 6], previews: [] },
  { name: 'tiny-freq', grid: [10, 6], previews: [[4, 1]] },
  { name: 'tiny-padded', grid: [40, 2], previews: [[19, 1]] },
] as const;

for (const { name, grid, previews } of systems) {
  const opened = Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
  after(async () => (await opened).close());

  test(`${name}: previews are due where a codebook ends`, async () => {
    const { axes } = await opened;
    assert.deepEqual([axes.rows, axes.cols], [...grid]);
    assert.deepEqual(
      [...axes.previewRows()],
      previews.map((due) => [...due]),
    );
  });

  test(`${name}: another class gives another clip of the card's length`, async () => {
    const voice = await opened;
    const clips: string[] = [];
    for (const classWeights of [
      [1, 0, 0],
      [0, 1, 0],
    ]) {
      const plain = { seed: 3, temperature: 1, topK: 0, topP: 1, onRow: () => undefined };
      const codes = await voice.sampler.sample({ ...plain, classWeights });
      const { pcm } = await voice.render({ codes, seed: 0 });
      assert.equal(pcm.length, card(name).audio.samples);
      clips.push([...codes].join());
    }
    assert.notEqual(clips[0], clips[1]);
  });
}

test('tiny-vq: its only codebook alone is the whole', () => {
  assert.deepEqual(golden('tiny-vq').firstCodebook, golden('tiny-vq').whole);
});

test('tiny-padded: its latent covers more frames than a clip has', () => {
  const { latent, mel } = card('tiny-padded');
  assert.equal(latent.time * 16, 32);
  assert.equal(mel.frames, 24);
});
