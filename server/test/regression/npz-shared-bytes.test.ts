import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { StatisticsError } from '../../evaluation/fad.ts';
import { readNpz } from '../../evaluation/npz.ts';

const CENTRAL = 0x02014b50;
const place = fileURLToPath(new URL('../../../models/fixtures/distances/embeddings.npz', import.meta.url));

// Seen while the bounds of mutants.test.ts were written: each name was decoded anew, so 4096 names took 4096 times the room.
test('a .npz whose directory names the same bytes over and over is refused', () => {
  const file = readFileSync(place);
  assert.ok(readNpz(file).size > 0);
  const end = file.length - 22;
  const first = file.readUInt32LE(end + 16);
  assert.equal(file.readUInt32LE(first), CENTRAL);
  const length = 46 + file.readUInt16LE(first + 28) + file.readUInt16LE(first + 30) + file.readUInt16LE(first + 32);
  const entries = Array.from({ length: 1000 }, () => file.subarray(first, first + length));
  const tail = Buffer.from(file.subarray(end));
  tail.writeUInt16LE(entries.length, 10);
  const many = Buffer.concat([file.subarray(0, first), ...entries, tail]);
  assert.throws(
    () => readNpz(many),
    (error: unknown) => error instanceof StatisticsError && /larger than the file/.test(error.message),
  );
});

test('a compressed .npz is refused before anything of it is unpacked', () => {
  const file = new Uint8Array(readFileSync(new URL('../../../models/default/reference.npz', import.meta.url)));
  const view = new DataView(file.buffer);
  const entry = view.getUint32(file.length - 22 + 16, true);
  // The method of the first entry: deflate.
  view.setUint16(entry + 10, 8, true);
  assert.throws(() => readNpz(file), /is compressed: write it with savez/);
});
