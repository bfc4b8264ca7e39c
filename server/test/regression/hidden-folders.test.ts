/** What synchronised and foreign disks keep beside recordings is not taken for recordings. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { filesByClass } from '../../cli/fad.ts';
import { recordings } from '../../cli/recordings-folder.ts';
import { temporary } from '../support/server.ts';

test('hidden files, files in hidden folders and __MACOSX are neither trained on nor measured', async (t) => {
  const dir = await temporary(t);
  const files = [
    'Bark/a.wav',
    'Bark/take.2/b.wav',
    'Bark/._a.wav',
    'Bark/.stversions/a~1.wav',
    '.dropbox.cache/c.wav',
    '.git/hooks/d.wav',
    '__MACOSX/Bark/e.wav',
  ];
  for (const file of files) {
    await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
    await writeFile(path.join(dir, file), '');
  }
  const found = await recordings(dir, undefined);
  assert.deepEqual(
    found.map(({ file }) => path.relative(dir, file)),
    [path.join('Bark', 'a.wav'), path.join('Bark', 'take.2', 'b.wav')],
  );
  assert.deepEqual(await filesByClass(dir), new Map([['Bark', [path.join(dir, 'Bark', 'a.wav')]]]));
});
