import assert from 'node:assert/strict';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { workplace } from '../../cli/test/bin.ts';

// ONNX Runtime wrote ~/.cache/Microsoft/DeveloperTools/.onnxruntime/deviceid and looked up a host that collects usage.
test('making a clip writes nothing into the home folder but the voice data it was told to', async (t) => {
  const { dir, env, foleydWith } = await workplace(t);
  const home = path.join(dir, 'home');
  await mkdir(home);
  const from = { ...env, HOME: home, USERPROFILE: home, XDG_CACHE_HOME: undefined, ORT_DISABLE_TELEMETRY: undefined };
  const ran = await foleydWith(from, 'generate', 'DogBark', '--seed', '1', '--out', 'bark.wav');
  assert.equal(ran.code, 0, ran.stderr);
  assert.ok((await stat(path.join(dir, 'bark.wav'))).size > 44);
  const left = (await readdir(home, { recursive: true })).filter((name) => /microsoft|onnxruntime/i.test(name));
  assert.deepEqual(left, []);
});
