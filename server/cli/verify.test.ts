import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { findChunk } from '../audio/riff.ts';
import { encodeWav } from '../audio/wav.ts';
import { type Ran, workplace } from './test/bin.ts';

test('verify tells what made a file and whether its recipe gives the same samples', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { ws } = await serve();
  const verify = async (file: string, ...more: string[]): Promise<Ran & { told: Record<string, unknown> }> => {
    const ran = await foleyd('verify', file, '--url', ws, '--json', ...more);
    return { ...ran, told: JSON.parse(ran.stdout || '{}') as Record<string, unknown> };
  };
  const make = async (...args: string[]): Promise<Ran> => {
    const ran = await foleyd('generate', 'Rain', '--seed', '3', '--url', ws, ...args);
    assert.equal(ran.code, 0, ran.stderr);
    return ran;
  };
  const made = await make('--out', 'a.wav');
  await make('--out', 'b.flac', '--format', 's16');
  const clip = /clip ([0-9a-f]{16})/.exec(made.stderr)![1]!;
  for (const [format, ...more] of [['wav', '--loop', '--lufs', '-30'], ['flac']]) {
    const args = [
      'export',
      clip,
      '--out',
      `out-${format}`,
      '--format',
      format!,
      '--channels',
      '2',
      '--url',
      ws,
      ...more,
    ];
    const exported = await foleyd(...args);
    assert.equal(exported.code, 0, exported.stderr);
  }
  const delivered = async (format: string): Promise<string> => {
    const names = await readdir(path.join(dir, `out-${format}`));
    return path.join(`out-${format}`, names.find((name) => name.endsWith(format))!);
  };
  for (const file of ['a.wav', 'b.flac', await delivered('wav'), await delivered('flac')]) {
    const { code, told, stderr } = await verify(file);
    assert.deepEqual([code, told.identical, told.difference], [0, true, null], `${file} ${stderr}`);
    const voice = told.voice as { id: string; installed: boolean };
    assert.deepEqual([voice.id, voice.installed], ['tiny', true]);
    assert.equal((told.states as Record<string, string>).XMP, 'trainedAlgorithmicMedia');
  }

  const changed = Buffer.from(await readFile(path.join(dir, 'a.wav')));
  const at = changed.indexOf(Buffer.from(findChunk(changed, 'data')!.subarray(0, 64)));
  changed.writeFloatLE(changed.readFloatLE(at) + 0.5, at);
  await writeFile(path.join(dir, 'c.wav'), changed);
  const other = await verify('c.wav');
  assert.deepEqual([other.code, other.told.identical], [1, false]);
  assert.ok(Math.abs((other.told.difference as number) + 6.02) < 0.01, String(other.told.difference));
  const unread = await verify('c.wav', '--no-regenerate');
  assert.deepEqual([unread.code, unread.told.identical, unread.told.reason], [0, null, 'not tried']);

  await writeFile(path.join(dir, 'd.wav'), encodeWav(new Float32Array(9), 8000, 's16'));
  const foreign = await verify('d.wav');
  assert.equal(foreign.code, 1);
  assert.match(foreign.stderr, /^foleyd: no_recipe: d\.wav contains no recipe/);
});
