import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { graphNames } from '../cards/graph-names.ts';
import { type FileEntry, PREFIX_BYTES, readContents, readManifest, readPrefix, writeHead } from './archive-format.ts';

const own = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../models/default/${name}`, import.meta.url)));
const entry = (name: string): FileEntry => ({ name, bytes: 1, sha256: 'a'.repeat(64) });
const texts = ['card.json', 'embedder.json', 'credits.csv'].map(entry);

const cases: [string, FileEntry[]][] = [
  ['the default voice', readContents(own('card.json'), own('embedder.json')).files],
  [
    'a voice with all graphs',
    [...graphNames, 'embedder']
      .map((name) => entry(`${name}.onnx`))
      .concat(['reference.npz', 'ranking.npz', 'fingerprints.npz'].map(entry)),
  ],
];
for (const [what, files] of cases)
  test(`the manifest of ${what} is read as it was written`, () => {
    const manifest = { voice: 'v', parts: [[...texts, ...files]] };
    const head = writeHead(manifest);
    assert.equal(readPrefix(head.subarray(0, PREFIX_BYTES)), head.length - PREFIX_BYTES);
    assert.deepEqual(readManifest(head.subarray(PREFIX_BYTES)), manifest);
  });
