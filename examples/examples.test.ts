import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClip, assertRows, example, freeUdpPort, lacks, stage } from './test/stage.ts';

test('node: the client over WebSocket', async (t) => {
  const { run, dir } = await stage(t);
  const output = await run(process.execPath, [
    '--import',
    import.meta.resolve('tsx'),
    example('node/generate.ts'),
    'DogBark',
    'bark.wav',
  ]);
  assertRows(output);
  assert.match(output, /preview of 1 codebooks, 6144 samples/);
  await assertClip(output, dir);
});

test('node: osc-js', async (t) => {
  const { run, dir } = await stage(t);
  const output = await run(process.execPath, [example('node/osc.mjs'), 'rain', '7']);
  assert.match(output, /accepted as .+, seed 7/);
  assertRows(output);
  await assertClip(output, dir);
  const failed = await run(process.execPath, [example('node/osc.mjs'), 'Unicorn'], 1);
  assert.match(failed, /failed: unknown_class: /);
});

test('liblo: oscsend asks and oscdump hears', { skip: lacks('oscsend', 'oscdump', 'sh') }, async (t) => {
  const { run, dir, env } = await stage(t);
  env.FOLEYD_REPLY_PORT = await freeUdpPort();
  const output = await run('sh', [example('liblo/foley.sh'), 'Rain']);
  assert.equal(output.match(/\/foley\/row sii /g)?.length, 8, output);
  const done = /\/foley\/done ssfs "liblo-\d+" "(.+)" ([\d.]+) "[0-9a-f]{16}"/.exec(output);
  await assertClip(`done: ${done?.[1]}, ${Number(done?.[2]).toFixed(2)} s`, dir);
});
