/** Audio by chunks is the audio of the whole, and comes in order, before the whole is there. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type VoiceCard, voiceHash } from '../../cards/voice-card.ts';
import { voiceDir } from '../fixtures.ts';
import { parseCard, readCardText } from './card.ts';
import { GridAxes } from './code-grid.ts';
import { Renderer } from './renderer.ts';
import { Voice } from './voice.ts';

const voices = {
  tiny: voiceDir('tiny'),
  'tiny-padded': voiceDir('tiny-padded'),
  // Excited by noise, which the whole clip shapes.
  default: fileURLToPath(new URL('../../../models/default', import.meta.url)),
};

for (const [name, dir] of Object.entries(voices)) {
  test(`${name}: chunks of any length are the whole within 1e-5`, async () => {
    const card = parseCard(await readCardText(dir));
    const axes = new GridAxes(card);
    const codes = Uint16Array.from({ length: axes.rows * axes.perRow }, (_, i) => (i * 7919 + 13) % card.latent.codes);
    const of = { voiceDir: path.resolve(dir), card, place: { provider: 'cpu', threads: 1 } };
    const order = { codes, seed: 3, grain: 1, rate: card.audio.rate };
    const whole = await Renderer.open(of, axes, []);
    const known = await whole.render(order);
    await whole.close();
    assert.equal(known.pcm.length, card.audio.samples);
    for (const chunks of [undefined, [1, 2, 3], new Array<number>(400).fill(7)]) {
      const renderer = await Renderer.open(of, axes, chunks);
      const parts: Float32Array[] = [];
      let next = 0;
      const { pcm } = await renderer.render(order, (offset, part) => {
        assert.equal(offset, next);
        next += part.length;
        parts.push(part);
      });
      await renderer.close();
      assert.equal(next, card.audio.samples);
      const heard = new Float32Array(next);
      let at = 0;
      for (const part of parts) {
        heard.set(part, at);
        at += part.length;
      }
      assert.deepEqual(heard, pcm, 'what is told is what is given back');
      let worst = 0;
      for (const [i, value] of pcm.entries()) worst = Math.max(worst, Math.abs(value - known.pcm[i]!));
      assert.ok(worst <= 1e-5, `off by ${worst}`);
    }
  });
}

test('at another rate, and for a preview, nothing is told before the end', async () => {
  const dir = voiceDir('tiny');
  const card = parseCard(await readCardText(dir));
  const renderer = await Renderer.open(
    { voiceDir: dir, card, place: { provider: 'cpu', threads: 1 } },
    new GridAxes(card),
  );
  const codes = new Uint16Array(card.grid.rows * card.grid.cols);
  const told: number[] = [];
  await renderer.render({ codes, seed: 0, rate: 48_000 }, (offset) => told.push(offset));
  assert.equal(told.length, 0);
  await renderer.render({ codes, seed: 0, rate: card.audio.rate, codebooks: 1 }, (offset) => told.push(offset));
  assert.deepEqual(told, [0], 'a preview is one part');
  await renderer.close();
});

test("a voice says how grainy each class' noise is, and that is heard", async () => {
  const voice = await Voice.open(voices.default, { provider: 'cpu', threads: 1 });
  try {
    const { classes } = voice.card;
    const only = (name: string): number[] => classes.map((one) => (one.name === name ? 1 : 0));
    assert.deepEqual(
      classes.map(({ name }) => voice.grain(only(name))),
      classes.map(({ name }) => (['Rain', 'FireCrackle', 'WaterFlow'].includes(name) ? 1 : 0)),
    );
    const mixed = only('Rain').map((weight, i) => (weight + only('DogBark')[i]!) / 2);
    assert.equal(voice.grain(mixed), 0.5);
    const codes = new Uint16Array(voice.axes.rows * voice.axes.perRow).fill(7);
    const sound = async (grain?: number): Promise<Float32Array> =>
      (await voice.render({ codes, seed: 3, ...(grain === undefined ? {} : { grain }) })).pcm;
    const [even, none, grainy] = [await sound(), await sound(0), await sound(1)];
    assert.deepEqual(none, even);
    assert.notDeepEqual(grainy, even);
  } finally {
    await voice.close();
  }
});

test('a voice whose grain is out of range is corrupt', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-grain-'));
  t.after(() => rm(dir, { recursive: true }));
  await cp(voices.default, dir, { recursive: true });
  const [bytes, card] = [await readFile(path.join(dir, 'grain.onnx')), await readCardText(dir)];
  // Rain's grain, the only 1 among the graph's weights, becomes 2.
  const [one, two] = [Buffer.from(Float32Array.of(1).buffer), Buffer.from(Float32Array.of(2).buffer)];
  const at = bytes.indexOf(Buffer.concat([one, Buffer.alloc(4)]));
  assert.ok(at > 0);
  two.copy(bytes, at);
  await writeFile(path.join(dir, 'grain.onnx'), bytes);
  const changed = JSON.parse(card) as VoiceCard;
  changed.graphs.grain!.sha256 = createHash('sha256').update(bytes).digest('hex');
  changed.hash = voiceHash(changed.graphs);
  await writeFile(path.join(dir, 'card.json'), JSON.stringify(changed));
  await assert.rejects(
    Voice.open(dir, { provider: 'cpu', threads: 1 }),
    /the grain graph gave 2 for class 5, expected 0 to 1/,
  );
});
