import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { workplace } from './test/bin.ts';

test('a training that cannot be is refused before its plan is told and a recording is sent', async (t) => {
  const { dir, env, foleyd, serve } = await workplace(t);
  await mkdir(path.join(dir, 'roosters'));
  await writeFile(path.join(dir, 'roosters', 'one.wav'), 'RIFF');
  env.FOLEYD_PYTHON = path.join(dir, 'no-python');
  await serve();
  for (const [args, told] of [
    [[], /^foleyd: python_missing: training needs Python .*\n$/],
    [['--minutes', '0'], /^foleyd: bad_args: --minutes: expected a number above 0\n$/],
    [['--stages', 'foo'], /^foleyd: bad_args: --stages, entry 1: expected codec, vocoder or prior\n$/],
    [['--as', 'a b'], /^foleyd: bad_args: --as: expected letters, digits, - and _\n$/],
    [['--as', 'tiny-vq'], /^foleyd: already_exists: --as tiny-vq: voice tiny-vq exists, .*\n$/],
    [['--base', 'nobody'], /^foleyd: unknown_voice: there is no voice nobody; .*\n$/],
    [['--dataset', 'none'], /^foleyd: unknown_dataset: there is no data set none; .*\n$/],
  ] as const) {
    const ran = await foleyd('retrain', 'roosters', '--class', 'Rooster', ...args);
    assert.deepEqual([ran.code, ran.stdout], [1, '']);
    assert.match(ran.stderr, told);
  }
  const badClass = await foleyd('retrain', 'roosters', '--class', 'a/b');
  assert.match(badClass.stderr, /^foleyd: bad_args: --class: expected a name without .*\n$/);
});
