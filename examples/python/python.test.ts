import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../scripts/python.mjs';
import { assertClip, assertRows, assertSound, example, stage } from '../test/stage.ts';

const client = fileURLToPath(new URL('../../protocol/python', import.meta.url));

/** The interpreter with the packages of the examples; null where there is none, which CI does not accept. */
async function python(t: TestContext): Promise<string | null> {
  const env = await prepare(example('python'), "installing the examples' Python packages");
  if (!('why' in env)) return env.python;
  assert.ok(!process.env.CI, env.why);
  t.skip(env.why);
  return null;
}

test('the Python client does what its tests say', async (t) => {
  const file = await python(t);
  if (file === null) return;
  const { run } = await stage(t);
  const output = await run(file, ['-m', 'unittest', 'discover', '-s', path.join(client, 'tests'), '-v']);
  assert.match(output, /Ran \d+ tests/);
  assert.doesNotMatch(output, /never awaited|never retrieved/);
});

test('the types of the Python client hold, and a wrong argument is one that a type checker finds', async (t) => {
  const file = await python(t);
  if (file === null) return;
  const { run, dir, env } = await stage(t);
  env.MYPYPATH = client;
  const mypy = ['-m', 'mypy', '--strict', '--cache-dir', dir];
  await run(file, [...mypy, path.join(client, 'foleyd'), example('python/generate.py')]);
  const wrong = await run(file, [...mypy, path.join(client, 'tests/wrong_types.py')], 1);
  assert.deepEqual(
    [...wrong.matchAll(/wrong_types\.py:(\d+): error/g)].map((match) => Number(match[1])),
    [8, 9, 11],
    wrong,
  );
});

test('websockets with the client, and python-osc', async (t) => {
  const file = await python(t);
  if (file === null) return;
  const { run, dir } = await stage(t);
  const made = await run(file, [example('python/generate.py'), 'DogBark', 'bark.wav']);
  assertRows(made);
  assert.match(made, /preview of 1 codebooks, 6144 samples/);
  await assertClip(made, dir);
  await assertSound(path.join(dir, 'bark.wav'));
  const refused = await run(file, [example('python/generate.py'), 'Unicorn', 'none.wav'], 1);
  assert.match(refused, /failed: unknown_class: /);
  await assert.rejects(access(path.join(dir, 'none.wav')));
  const osc = await run(file, [example('python/osc.py'), 'Rain', '7']);
  assertRows(osc);
  await assertClip(osc, dir);
  const pads = await run(file, [example('python/pads.py'), 'Rain', 'GunShot']);
  assert.match(pads, /ready: python0, python1/);
  assert.equal(
    pads.match(/python[01] plays a clip from (pool|again|generated), seed \d+, [\d.]+ ms late/g)?.length,
    4,
    pads,
  );
  const failed = await run(file, [example('python/osc.py'), 'Unicorn'], 1);
  assert.match(failed, /failed: unknown_class: /);
});
