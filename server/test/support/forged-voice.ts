/** Voices whose parts were exchanged while their cards vouch for them: what could execute, or reach for other files. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { updateHashes } from '../../engine/fixtures.ts';

const repository = fileURLToPath(new URL('../../../models', import.meta.url));

/** Each changes the folder of a voice: its decoder, a part of its embedder, or its fingerprints. */
export const graph = (bytes: Uint8Array) => (dir: string) => {
  writeFileSync(path.join(dir, 'decoder.onnx'), bytes);
  updateHashes(dir, 'decoder', bytes);
};
export const embedder = (name: 'graph' | 'reference', bytes: Uint8Array) => (dir: string) => {
  const place = path.join(dir, 'embedder.json');
  const card = JSON.parse(readFileSync(place, 'utf8')) as Record<string, { file: string }>;
  writeFileSync(path.join(dir, card[name]!.file), bytes);
  Object.assign(card[name]!, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  writeFileSync(place, JSON.stringify(card));
};
export const fingerprints = (bytes: Uint8Array) => (dir: string) => {
  const place = path.join(dir, 'card.json');
  const card = JSON.parse(readFileSync(place, 'utf8')) as object;
  writeFileSync(path.join(dir, 'fingerprints.npz'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stated = { file: 'fingerprints.npz', sha256, bytes: bytes.length };
  writeFileSync(place, JSON.stringify({ ...card, fingerprints: stated }));
};
export const fingerprintsOfOthers = readFileSync(path.join(repository, 'fixtures/fingerprints/fingerprints.npz'));
/** A real graph with one more field at its end: protobuf takes the parts of a message in any order. */
export const appended = (...field: number[]): Uint8Array => {
  return Buffer.concat([readFileSync(path.join(repository, 'fixtures/tiny/decoder.onnx')), Buffer.from(field)]);
};
/** ModelProto.graph { initializer { field } }, merged with the graph before. */
export const tensor = (...field: number[]): number[] => [58, field.length + 2, 42, field.length, ...field];
export const bytesOf = (text: string): number[] => [...Buffer.from(text)];
export const pickle = Buffer.from('80049514000000000000008c086275696c74696e73948c0465786563', 'hex');
/** A .npz as numpy would write it, of one array of Python objects. */
export function objects(): Buffer {
  const head = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117).concat('\n');
  const npy = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(head), pickle]);
  const name = Buffer.from('Rain.mu.npy');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt32LE(npy.length, 18);
  local.writeUInt32LE(npy.length, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(npy.length, 20);
  central.writeUInt32LE(npy.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + npy.length, 16);
  return Buffer.concat([local, name, npy, central, name, end]);
}
