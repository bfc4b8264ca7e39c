import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { example, freeUdpPort, lacks, stage } from '../test/stage.ts';

const skip = lacks('pd');
const quiet = ['-nogui', '-noaudio', '-stderr'];

test('foley.pd without a window', { skip }, async (t) => {
  const { run, server } = await stage(t);
  const ask = async (what: string) => {
    const send = `foley-test ${what} ${await freeUdpPort()} ${new URL(server.osc).port}`;
    return run('pd', [...quiet, '-open', example('puredata/test.pd'), '-send', send]);
  };
  const output = await ask('Rain');
  assert.equal(output.match(/^row: pd1 \d+ 8\s*$/gm)?.length, 8, output);
  assert.match(output, /^loaded: 6144\s*$/m);
  assert.match(await ask('Unicorn'), /^failed: pd1 unknown_class /m);
});

test('foley~.pd without a window: hits sound, and each makes another clip', { skip }, async (t) => {
  const { run, server } = await stage(t);
  const send = `foley-test ${new URL(server.osc).port}`;
  const output = await run('pd', [...quiet, '-open', example('puredata/test-foley~.pd'), '-send', send]);
  const said = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(starved|ready|heard|failed)\b/.test(line));
  // Its clips have Pd's own rate, so that they sound at their pitch: 6144 samples at 22050 Hz are 12288 at 44100.
  const ready = said.filter((line) => line === 'ready: 12288');
  assert.equal(ready.length, 3, output);
  assert.equal(said[0], 'starved: bang');
  assert.ok(said.filter((line) => line.startsWith('heard')).length >= 2, output);
  assert.match(said.at(-1) ?? '', /^failed: unknown_class /, output);
  assert.doesNotMatch(output, /couldn't create|no method|error:/);
});

test('foley.pd without a window: an endless sound starts, changes and ends', { skip }, async (t) => {
  const { run, server } = await stage(t);
  const play = async (what: string) => {
    const send = `foley-test ${what} ${await freeUdpPort()} ${new URL(server.osc).port} tiny-stacked`;
    return run('pd', [...quiet, '-open', example('puredata/test-stream.pd'), '-send', send]);
  };
  const output = await play('Hiss');
  const said = [...output.matchAll(/^stream: (.*?)\s*$/gm)].map(([, words]) => words!.split(' '));
  assert.deepEqual(
    said.map(([what, id]) => [what, id]),
    ['started', 'changed', 'value', 'done'].map((what) => [what, 'pd2']),
    output,
  );
  assert.equal(said[0]![2], 'rain');
  assert.deepEqual(said[2]!.slice(3), ['level', '-6'], output);
  assert.ok(Number(said[3]![3]) > 0, output);
  assert.doesNotMatch(output, /couldn't create|no method|error:/);
  assert.match(await play('Unicorn'), /^failed: pd2 unknown_class /m);
});

test('every cord of the patches joins boxes that are there', async () => {
  const folder = example('puredata');
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.pd'))) {
    const text = await readFile(path.join(folder, name), 'utf8');
    const cords: number[][] = [];
    const outer: string[] = [];
    let depth = 0;
    for (const line of text.split(/;\n(?=#)/)) {
      if (line.startsWith('#N canvas')) depth++;
      if (line.startsWith('#X restore')) depth--;
      if (depth === 1 && /^#X (obj|msg|text|floatatom|symbolatom|restore)\b/.test(line)) outer.push(line);
      if (depth === 1 && line.startsWith('#X connect')) cords.push(line.split(' ').slice(2).map(Number.parseFloat));
    }
    assert.ok(cords.length > 0, name);
    for (const [from = -1, , to = -1] of cords)
      assert.ok(from < outer.length && to < outer.length, `${name}: ${from} ${to}`);
  }
});
