import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { graphNames } from '../../cards/graph-names.ts';
import { EngineError } from '../errors.ts';
import { fixtures, voiceDir } from '../fixtures.ts';
import { parseCard } from '../inference/card.ts';
import { checkGraphFile } from './validate-graph.ts';

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const bytes = (number: number, ...content: (number[] | string)[]): number[] => {
  const body = content.flatMap((one) => (typeof one === 'string' ? [...Buffer.from(one)] : one));
  return [...varint(number * 8 + 2), ...varint(body.length), ...body];
};
const whole = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)];
const node = (...more: number[][]): number[] => bytes(1, bytes(4, 'Add'), ...more);
const model = (...graph: number[][]): Uint8Array => Uint8Array.from([...whole(1, 8), ...bytes(7, ...graph)]);
const refuses = (file: Uint8Array, why: RegExp): void => {
  assert.throws(
    () => checkGraphFile(file),
    (error) => error instanceof EngineError && error.code === 'voice_corrupt' && why.test(error.message),
  );
};

test('the graphs of every voice in the repository pass', () => {
  for (const dir of [...fixtures.map(voiceDir), path.join(voiceDir('tiny'), '..', '..', 'default')]) {
    const card = parseCard(readFileSync(path.join(dir, 'card.json'), 'utf8'));
    for (const name of graphNames) {
      const graph = card.graphs[name];
      if (graph !== undefined) checkGraphFile(readFileSync(path.join(dir, graph.file)));
    }
  }
});

test('operators of other domains are refused, wherever they stand', () => {
  checkGraphFile(model(node(bytes(7, ''))));
  checkGraphFile(model(node(bytes(7, 'ai.onnx'))));
  refuses(model(node(bytes(7, 'com.microsoft'))), /operator of com\.microsoft/);
  refuses(model(node(bytes(7, 'ai.onnx.ml'))), /ai\.onnx\.ml/);
  refuses(model(node(bytes(5, bytes(6, node(bytes(7, 'my.ops')))))), /my\.ops/);
  refuses(model(node(bytes(5, bytes(11, node(bytes(7, 'my.ops')))))), /my\.ops/);
  refuses(Uint8Array.from([...model(node()), ...bytes(8, bytes(1, 'com.microsoft'))]), /com\.microsoft/);
});

test('weights in other files are refused, wherever they stand', () => {
  const outside = [whole(14, 1), bytes(13, bytes(1, 'location'), bytes(2, '/etc/passwd')), whole(14, 2 ** 21)];
  for (const field of outside) {
    refuses(model(bytes(5, field)), /weights in another file/);
    refuses(model(bytes(15, bytes(1, field))), /weights in another file/);
    for (const attribute of [5, 10]) refuses(model(node(bytes(5, bytes(attribute, field)))), /another file/);
    for (const attribute of [22, 23]) refuses(model(node(bytes(5, bytes(attribute, bytes(2, field))))), /another file/);
    refuses(model(node(bytes(5, bytes(6, bytes(5, field))))), /another file/);
  }
  checkGraphFile(model(bytes(5, whole(14, 0))));
});

test('what need not come to an end, and functions of a model’s own, are refused', () => {
  for (const op of ['Loop', 'Scan', 'SequenceMap']) refuses(model(bytes(1, bytes(4, op))), new RegExp(`a ${op}`));
  refuses(Uint8Array.from([...model(node()), ...bytes(25, bytes(1, 'mine'))]), /field 25/);
  refuses(Uint8Array.from([...model(node()), ...bytes(20, bytes(1, node()))]), /field 20/);
  const nested = (depth: number): number[] => node(bytes(5, bytes(6, depth === 0 ? node() : nested(depth - 1))));
  checkGraphFile(model(nested(2)));
  refuses(model(nested(20)), /nested graphs/);
});

test('files of other kinds are no models', () => {
  const pickle = Buffer.from('80049514000000000000008c086275696c74696e73948c0465786563', 'hex');
  const ort = Buffer.from('180000004f52544d00000000', 'hex');
  for (const file of [pickle, ort, Buffer.from('PK\x03\x04'), Buffer.from('\x89HDF'), new Uint8Array(0)])
    assert.throws(() => checkGraphFile(file), { code: 'voice_corrupt' });
  refuses(Uint8Array.from(whole(1, 8)), /without a graph/);
  refuses(Uint8Array.from(whole(7, 8)), /not an ONNX model/);
});

test('a damaged model is taken or refused with a code, and nothing else happens', () => {
  const good = readFileSync(path.join(voiceDir('tiny'), 'decoder.onnx'));
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  const property = fc.property(edits, fc.nat(good.length), (changes, cut) => {
    const damaged = Uint8Array.from(good.subarray(0, cut % 3 === 0 ? cut : good.length));
    for (const [at, to] of changes) if (at < damaged.length) damaged[at] = to;
    try {
      checkGraphFile(damaged);
    } catch (error) {
      assert.ok(error instanceof EngineError && error.code === 'voice_corrupt', String(error));
      assert.ok(error.message.length < 200);
    }
  });
  fc.assert(property, { numRuns: Number(process.env.FOLEYD_FUZZ ?? 500) });
});
