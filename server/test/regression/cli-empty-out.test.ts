/** `--out "$UNSET"` made the clip first and then failed with "io_error:  could not be written". */
import assert from 'node:assert/strict';
import test from 'node:test';
import { folderOf, targetOf } from '../../cli/files.ts';

test('an empty --out is refused before anything is made', async () => {
  for (const read of [targetOf, folderOf]) await assert.rejects(read(''), { code: 'usage', message: /--out is empty/ });
});
