import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readFlacComments } from '../audio/flac.ts';
import { decodeWav } from '../audio/wav.ts';
import { readCsv } from '../test/support/csv.ts';
import { workplace } from './test/bin.ts';

test('a sheet becomes files here, and each of them the clip again', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { ws } = await serve();
  await writeFile(
    path.join(dir, 'list.csv'),
    'Class,seed,count,fxName,mine\r\nRain,5,2,"soft, near",x\r\nGunShot,7,,,\r\n',
  );
  const ran = await foleyd(
    'export',
    '--list',
    'list.csv',
    '--out',
    'show',
    '--format',
    'flac',
    '--bits',
    '24',
    '--creator',
    'JD',
    '--source',
    'FOLEY',
    '--url',
    ws,
  );
  assert.equal(ran.code, 0, ran.stderr);
  const files = [
    'GUNMisc_GunShot_JD_FOLEY_s7.flac',
    'RAIN_soft, near_JD_FOLEY_s5.flac',
    'RAIN_soft, near_JD_FOLEY_s6.flac',
  ];
  assert.deepEqual((await readdir(path.join(dir, 'show'))).sort(), [...files, 'foleyd_sheet.csv']);
  const sheet = readCsv(await readFile(path.join(dir, 'show', 'foleyd_sheet.csv'), 'utf8'));
  assert.deepEqual(
    sheet.map(({ seed, rate, format }) => [seed, rate, format]),
    [
      ['5', '48000', 'flac'],
      ['6', '48000', 'flac'],
      ['7', '48000', 'flac'],
    ],
  );
  const comment = readFlacComments(await readFile(path.join(dir, 'show', files[1]!)))!.get('FOLEYD')!;
  const again = await foleyd(
    'generate',
    '--like',
    path.join('show', files[1]!),
    '--format',
    'f32',
    '--out',
    'again.wav',
    '--url',
    ws,
  );
  assert.equal(again.code, 0, again.stderr);
  assert.match(comment, /"seed":5/);
  assert.match(decodeWav(await readFile(path.join(dir, 'again.wav'))).info.comment!, /"class":"Rain".*"seed":5/);

  // The sheet that was written is one to read; what is there is not made anew, and nothing is replaced.
  const second = await foleyd(
    'export',
    '--list',
    'show/foleyd_sheet.csv',
    '--out',
    'show',
    '--rate',
    '96000',
    '--creator',
    'JD',
    '--source',
    'FOLEY',
    '--json',
    '--url',
    ws,
  );
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /"path":"show[^"]*RAIN_soft, near_JD_FOLEY_s5\.wav"/);
  assert.match(second.stdout, /"event":"done","data":\{"files":3,"skipped":0\}/);
  const wav = path.join('show', 'RAIN_soft, near_JD_FOLEY_s5.wav');
  assert.equal(decodeWav(await readFile(path.join(dir, wav))).rate, 96_000);
  const like = await foleyd('generate', '--like', wav, '--format', 'f32', '--out', 'again2.wav', '--url', ws);
  assert.equal(like.code, 0, like.stderr);
  assert.deepEqual(await readFile(path.join(dir, 'again2.wav')), await readFile(path.join(dir, 'again.wav')));

  const partly = await foleyd('export', '0123456789abcdef', sheet[0]!.clip!, '--out', 'more', '--url', ws);
  assert.equal(partly.code, 1);
  assert.match(partly.stderr, /file 1: unknown_clip/);
  assert.equal((await readdir(path.join(dir, 'more'))).length, 1);
});

test('what cannot be exported says why', async (t) => {
  const { dir, foleyd } = await workplace(t);
  await writeFile(path.join(dir, 'broken.csv'), 'class\r\n"Rain\r\n');
  await writeFile(path.join(dir, 'seeds.csv'), 'class;guidance;seed\r\nRain;1,5;1\r\n\r\nRain;2,5;-7\r\n');
  await writeFile(path.join(dir, 'dense.csv'), 'class;Density\r\nRain;2,5\r\nRain;20,5\r\n');
  await writeFile(path.join(dir, 'cp1252.csv'), Buffer.from('class,fxName\r\nRain,Größe\r\n', 'latin1'));
  await writeFile(path.join(dir, 'empty.csv'), 'class,seed\r\n,4\r\n');
  for (const [args, said] of [
    [[], /usage: name clips/],
    [['--list', 'gone.csv'], /io_error: gone\.csv cannot be read: no such file or folder/],
    [['--list', 'broken.csv'], /usage: .*quote does not end/],
    [['--list', 'empty.csv'], /usage: .*line 2 names neither/],
    [['--list', 'cp1252.csv'], /usage: .*line 2, character 8: not UTF-8/],
    [['--list', 'seeds.csv', '--local'], /bad_args: seeds\.csv: line 4, column seed: /],
    [['--list', 'dense.csv', '--local'], /bad_args: dense\.csv: line 3, column density: .*20/],
    [['abc', '--bits', 'many'], /expected a number/],
    [['abc', '--bits', '20'], /bad_args: .*bits/],
  ] as const) {
    const ran = await foleyd('export', ...args);
    assert.notEqual(ran.code, 0);
    assert.match(ran.stderr, said);
  }
});

test('markers become files and a mix here; a fault names the line of the sheet', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { ws } = await serve();
  await writeFile(path.join(dir, 'scene.csv'), '#,Name,Start,End,Length\r\nM1,Rain,0:01.500,,\r\nM2,Verse,0:02,,\r\n');
  const spot = (...more: string[]) => foleyd('spot', 'scene.csv', '--out', 'scene', '--url', ws, ...more);
  const refused = await spot();
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^foleyd: unknown_class: scene\.csv: line 3, column Name: voice tiny has no class "Verse".*; --skip-unknown leaves such markers out$/m,
  );
  const ran = await spot('--skip-unknown', '--stem', '--seed', '5', '--creator', 'JD');
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stderr, /line 3: "Verse" names no class; left out/);
  const files = ['RAIN_Rain_JD_NONE_c001.wav', 'foleyd_sheet.csv', 'spotted.wav'];
  assert.deepEqual((await readdir(path.join(dir, 'scene'))).sort(), files);
  const [row] = readCsv(await readFile(path.join(dir, 'scene', 'foleyd_sheet.csv'), 'utf8'));
  assert.deepEqual([row?.at, row?.seed], ['1.500000', '5']);
});
