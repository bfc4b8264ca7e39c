import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { EngineResult } from '../engine.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { card, copyOf, request, updateHashes } from '../fixtures.ts';
import { createEngine } from './pool.ts';

const engine = createEngine({ threads: 1 });
after(() => engine.close());

const quiet = (): void => undefined;
const fails = (code: EngineErrorCode) => (error: unknown) => error instanceof EngineError && error.code === code;

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

test('bytes that the card vouches for but that are no graph are a corrupt voice, not a crash', async () => {
  const { dir, remove } = copyOf('tiny');
  try {
    const real = readFileSync(path.join(dir, 'row.onnx'));
    const broken: [string, Buffer][] = [
      ['nothing like a graph', Buffer.from('no graph at all')],
      ['a graph cut short', real.subarray(0, real.length / 2)],
      ['a graph with a hole', Buffer.from(real).fill(0xff, 1000, 2000)],
      ['another graph', readFileSync(path.join(dir, 'decoder.onnx'))],
    ];
    for (const [what, bytes] of broken) {
      writeFileSync(path.join(dir, 'row.onnx'), bytes);
      updateHashes(dir, 'row', bytes);
      await assert.rejects(engine.load(dir), fails('voice_corrupt'), what);
    }
  } finally {
    remove();
  }
  await engine.run(request('tiny'), quiet).done;
  assert.equal(engine.info().restarts, 0);
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

test('one flipped bit in a weight is noticed', async () => {
  const { dir, remove } = copyOf('tiny');
  try {
    for (const name of ['condition', 'row', 'pixel', 'decoder', 'vocoder'] as const) {
      const file = path.join(dir, `${name}.onnx`);
      const bytes = readFileSync(file);
      const middle = bytes.length >> 1;
      bytes[middle]! ^= 1;
      writeFileSync(file, bytes);
      await assert.rejects(
        engine.load(dir),
        (error) => fails('voice_corrupt')(error) && /not the file/.test(`${error}`),
      );
      bytes[middle]! ^= 1;
      writeFileSync(file, bytes);
    }
    await engine.load(dir);
  } finally {
    remove();
  }
});
