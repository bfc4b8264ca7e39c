import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { copyOf, fixtures, updateHashes, voiceDir } from '../fixtures.ts';
import { VoiceChecker } from './checker.ts';

const checker = new VoiceChecker();
after(() => checker.close());

const fails = (code: EngineErrorCode, why: RegExp) => (error: unknown) =>
  error instanceof EngineError && error.code === code && why.test(error.message);

test('every fixture voice passes', async () => {
  for (const name of fixtures) await checker.check(voiceDir(name));
});

test('a voice whose graphs do not load or do not fit is refused, and the next is tried all the same', async () => {
  const { dir, remove } = copyOf('tiny');
  try {
    const decoder = readFileSync(path.join(dir, 'decoder.onnx'));
    for (const [bytes, why] of [
      [Buffer.from('\x80\x04\x95pickle'), /not a usable graph/],
      [readFileSync(path.join(dir, 'vocoder.onnx')), /do not fit its card/],
    ] as const) {
      writeFileSync(path.join(dir, 'decoder.onnx'), bytes);
      updateHashes(dir, 'decoder', bytes);
      await assert.rejects(checker.check(dir), fails('voice_corrupt', why));
    }
    writeFileSync(path.join(dir, 'decoder.onnx'), decoder);
    updateHashes(dir, 'decoder', decoder);
    await checker.check(dir);
    // The encoder makes no clips, but is part of the voice.
    const encoder = readFileSync(path.join(dir, 'pixel.onnx'));
    writeFileSync(path.join(dir, 'encoder.onnx'), encoder);
    updateHashes(dir, 'encoder', encoder);
    await assert.rejects(checker.check(dir), EngineError);
    rmSync(path.join(dir, 'encoder.onnx'));
    await assert.rejects(checker.check(dir), fails('voice_missing', /encoder/));
  } finally {
    remove();
  }
});

test('a voice that makes no sound is refused', async () => {
  const { dir, remove } = copyOf('tiny');
  try {
    // All its weights nought: what every sum then gives.
    const vocoder = readFileSync(path.join(dir, 'vocoder.onnx'));
    const silent = silenced(vocoder);
    writeFileSync(path.join(dir, 'vocoder.onnx'), silent);
    updateHashes(dir, 'vocoder', silent);
    await assert.rejects(checker.check(dir), fails('voice_corrupt', /its clip is silent/));
  } finally {
    remove();
  }
});

test('a check that takes too much memory or too long is ended, and says so', {
  skip: process.platform === 'linux' ? false : 'only Linux tells how much memory a process has',
}, async (t) => {
  for (const options of [{ memory: 1 }, { taskMs: 1 }]) {
    const strict = new VoiceChecker(options);
    t.after(() => strict.close());
    await assert.rejects(strict.check(voiceDir('tiny')), fails('engine_crashed', /the check of a voice ended/));
  }
});

/** The same graph with the raw data of its tensors (TensorProto field 9; of a vocoder all are floats) all zero. */
function silenced(graph: Buffer): Buffer {
  const out = Buffer.from(graph);
  const varint = (from: number): [number, number] => {
    let [value, shift, at] = [0, 0, from];
    for (;;) {
      const byte = out[at++]!;
      value += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) return [value, at];
    }
  };
  const walk = (from: number, end: number, inside: readonly number[]): void => {
    for (let at = from; at < end; ) {
      const [tag, next] = varint(at);
      const [number, wire] = [tag >> 3, tag & 7];
      if (wire === 0) at = varint(next)[1];
      else if (wire === 1) at = next + 8;
      else if (wire === 5) at = next + 4;
      else {
        const [size, begin] = varint(next);
        at = begin + size;
        // ModelProto.graph, GraphProto.initializer, TensorProto.raw_data.
        if (inside.length === 0 && number === 7) walk(begin, at, [7]);
        else if (inside.length === 1 && number === 5) walk(begin, at, [7, 5]);
        else if (inside.length === 2 && number === 9) out.fill(0, begin, at);
      }
    }
  };
  walk(0, out.length, []);
  return out;
}
