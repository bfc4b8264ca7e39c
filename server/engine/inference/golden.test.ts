/** The engine against PyTorch: what the trainer's full network computed for the fixture voices. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fixtures, golden, voiceDir } from '../fixtures.ts';
import { Voice } from './voice.ts';

const LOGITS = 1e-4;
const AUDIO = 2e-4;
const plain = { seed: 0, temperature: 0, topK: 0, topP: 1, onRow: () => undefined };

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  assert.equal(actual.length, expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  assert.ok(worst < bound, `off by ${worst}`);
}

for (const name of fixtures) {
  const known = golden(name);
  const opened = Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
  after(async () => (await opened).close());

  test(`${name}: every cell's logits are those of the full network`, async () => {
    const { sampler } = await opened;
    const logits: number[][] = [];
    await sampler.sample({
      ...plain,
      classWeights: known.classWeights,
      start: { codes: Uint16Array.from(known.codes), given: new Uint8Array(known.codes.length).fill(1) },
      onLogits: (_, values) => void logits.push([...values]),
    });
    assert.equal(logits.length, known.logits.length);
    for (const [cell, values] of logits.entries()) close(values, known.logits[cell]!, LOGITS);
  });

  test(`${name}: temperature 0 samples the very grid the full network does`, async () => {
    const { sampler } = await opened;
    const codes = await sampler.sample({ ...plain, classWeights: known.classWeights });
    assert.deepEqual([...codes], known.greedy);
  });

  test(`${name}: codes find their place in the latent`, async () => {
    const { axes } = await opened;
    assert.deepEqual([...axes.toLatent(Uint16Array.from(known.codes))].map(Number), known.latent);
  });

  test(`${name}: audio of all codebooks and of the first alone is PyTorch's`, async () => {
    const voice = await opened;
    const codes = Uint16Array.from(known.codes);
    for (const [expected, codebooks] of [
      [known.whole, undefined],
      [known.firstCodebook, 1],
    ] as const) {
      const { pcm } = await voice.render({ codes, seed: 0, ...(codebooks === undefined ? {} : { codebooks }) });
      assert.equal(pcm.length, voice.card.audio.samples);
      close(
        pcm.filter((_, i) => i % 97 === 0),
        expected.audioEvery97th,
        AUDIO,
      );
    }
  });
}
