import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileSettings } from '../../protocol/index.ts';
import { readBext } from '../audio/bext.ts';
import { readFlacComments } from '../audio/flac.ts';
import { seededNoise } from '../audio/quantise.ts';
import { readRecipe, writeRecipe } from '../audio/recipe.ts';
import { findChunk } from '../audio/riff.ts';
import { truePeak } from '../audio/true-peak.ts';
import { decodeWav, encodeWav } from '../audio/wav.ts';
import { type ClipFacts, renderFile } from './file.ts';

const lacks = (program: string, flag = '--version'): string | false =>
  spawnSync(program, [flag]).error === undefined ? false : `${program} is not installed`;
const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-file-'));
after(() => rmSync(dir, { recursive: true }));

const recipe = {
  voice: 'ab'.repeat(32),
  voiceId: 'default',
  class: 'DogBark',
  classWeights: [1, 0],
  seed: 42,
  temperature: 0.9,
  topK: 0,
  topP: 1,
  guidance: 0.5,
  rate: 22_050,
  version: '0.1.0',
};
const facts: ClipFacts = {
  clip: '9f2c4e5d6a7b8190',
  title: 'Großer Hund, nah',
  created: Date.UTC(2026, 10, 26, 9, 8, 7),
  seed: 42,
  name: { catId: 'ANMLDog', fxName: 'Großer Hund, nah', creatorId: 'JD', sourceId: 'FOLEY', userData: 's42' },
  software: 'foleyd 0.1.0',
};
/** Noise that begins late and swells, loud enough to be lowered. */
const noise = seededNoise(1);
const bark = Float32Array.from({ length: 88_200 }, (_, i) => (i < 2205 ? 0 : 0.95 * (noise() * 2 - 1)));
const rain = Float32Array.from({ length: 88_200 }, () => 0.1 * (noise() * 2 - 1));
const wavOf = (pcm: Float32Array): Uint8Array => encodeWav(pcm, 22_050, 'f32', { comment: writeRecipe(recipe) });

const settings = (given: Record<string, unknown> = {}) => fileSettings.parse(given);
const make = (given: Record<string, unknown> = {}, pcm = bark) => renderFile(wavOf(pcm), facts, settings(given));
const saved = async (given: Record<string, unknown> = {}, pcm = bark): Promise<string> => {
  const { bytes, ending } = await make(given, pcm);
  const file = path.join(dir, `${Object.values(given).join('-') || 'plain'}.${ending}`);
  writeFileSync(file, bytes);
  return file;
};
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });

test('the same clip and settings give the same bytes, in every form', async () => {
  for (const given of [{ bits: 16 }, {}, { bits: 32 }, { format: 'flac', channels: 2, pan: 0.3 }])
    assert.equal(Buffer.compare((await make(given)).bytes, (await make(given)).bytes), 0);
});

test('rate, width and channels are as they were asked for', async () => {
  for (const rate of [22_050, 44_100, 48_000, 96_000, 192_000])
    for (const bits of [16, 24, 32])
      for (const channels of [1, 2]) {
        const { bytes, seconds } = await make({ rate, bits, channels });
        const body = findChunk(bytes, 'fmt ')!;
        const view = new DataView(body.buffer, body.byteOffset);
        assert.deepEqual(
          [view.getUint16(0, true), view.getUint16(2, true), view.getUint32(4, true), view.getUint16(14, true)],
          [bits === 32 ? 3 : 1, channels, rate, bits],
        );
        assert.equal(findChunk(bytes, 'data')!.length, Math.round(seconds * rate) * channels * (bits / 8));
        assert.equal(seconds, 4);
      }
});

test('nothing exceeds the ceiling, on another meter neither, and nothing is raised to it', {
  skip: lacks('ffmpeg', '-version'),
}, async () => {
  const loud = await make({ rate: 48_000 });
  assert.ok(Math.abs(loud.truePeak! + 2) < 1e-6);
  assert.ok(loud.gain < 0);
  const read = spawnSync(
    'ffmpeg',
    ['-nostats', '-i', await saved({ rate: 48_000 }), '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null', '-'],
    { encoding: 'utf8' },
  ).stderr;
  assert.ok(Number(/Peak: +(-?[\d.]+) dBFS/.exec(read)?.[1]) <= -1.9, read);
  const quiet = await make({}, rain);
  assert.equal(quiet.gain, 0);
  assert.ok(quiet.truePeak! < -15);
});

test('a loudness that is asked for is met, or missed where the ceiling is in the way', {
  skip: lacks('ffmpeg', '-version'),
}, async () => {
  const met = await make({ lufs: -30 }, rain);
  assert.ok(Math.abs(met.lufs! + 30) < 0.01, String(met.lufs));
  const read = spawnSync(
    'ffmpeg',
    ['-nostats', '-i', await saved({ lufs: -30 }, rain), '-af', 'ebur128=framelog=verbose', '-f', 'null', '-'],
    { encoding: 'utf8' },
  ).stderr;
  assert.equal(/I: +(-?[\d.]+) LUFS/.exec(read)?.[1], '-30.0');
  const missed = await make({ lufs: -5 });
  assert.ok(missed.lufs! < -5.5 && Math.abs(missed.truePeak! + 2) < 1e-6);
  const stereo = await make({ lufs: -30, channels: 2, pan: -0.5 }, rain);
  assert.ok(Math.abs(stereo.lufs! + 30) < 0.01);
});

test('a placed sound keeps its power from left to right', async () => {
  const power = async (pan: number): Promise<[number, number]> => {
    const { bytes } = await make({ channels: 2, pan, bits: 32 }, rain);
    const data = findChunk(bytes, 'data')!;
    const floats = new Float32Array(data.slice().buffer);
    const sums: [number, number] = [0, 0];
    for (const [i, value] of floats.entries()) sums[(i % 2) as 0 | 1] += value * value;
    return sums;
  };
  const [left, middle, right] = [await power(-1), await power(0), await power(1)];
  assert.ok(left[1] < left[0] * 1e-9 && right[0] < right[1] * 1e-9);
  assert.ok(Math.abs(middle[0] / middle[1] - 1) < 1e-6);
  for (const [l, r] of [left, right]) assert.ok(Math.abs((l + r) / (middle[0] + middle[1]) - 1) < 1e-6);
});

test('bext states origin, time, loudness and how it was made', async () => {
  const { bytes, lufs, truePeak: height } = await make({ timeReference: 48_000 * 3600, bits: 24, channels: 2 });
  const bext = readBext(findChunk(bytes, 'bext')!)!;
  assert.equal(
    findChunk(bytes, 'bext')!
      .subarray(348, 412)
      .every((byte) => byte === 0),
    true,
  );
  assert.equal(bext.description, 'Gro?er Hund, nah: ANMLDog, AI-generated by voice default with seed 42');
  assert.deepEqual(
    [bext.version, bext.originator, bext.originatorReference, bext.date, bext.time, bext.timeReference],
    [2, 'foleyd 0.1.0', 'FLYD9F2C4E5D6A7B8190', '2026-11-26', '09:08:07', 48_000 * 3600],
  );
  assert.equal(bext.loudness.integrated, Math.round(lufs! * 100) / 100);
  assert.equal(bext.truePeak, Math.round(height! * 100) / 100);
  for (const value of Object.values(bext.loudness)) assert.notEqual(value, null);
  assert.match(
    bext.codingHistory[0]!,
    /^A=PCM,F=22050,W=32,M=mono,T=foleyd 0\.1\.0; digitalSourceType=http:\S+\/trainedAlgorithmicMedia; voice=(ab){32}; seed=42; temperature=0\.9; topK=0; topP=1; guidance=0\.5$/,
  );
  assert.equal(bext.codingHistory[1], 'A=PCM,F=48000,W=24,M=stereo,T=foleyd 0.1.0; wav');
});

test('of silence and of a moment no loudness is stated, and both are files', async () => {
  for (const pcm of [new Float32Array(22_050), rain.subarray(0, 2000), new Float32Array(0)])
    for (const format of ['wav', 'flac']) {
      const made = await make({ lufs: -20, format, loop: true }, pcm);
      assert.equal(made.lufs, null);
      if (format === 'wav') assert.equal(readBext(findChunk(made.bytes, 'bext')!)!.loudness.integrated, null);
    }
});

test('the recipe survives in both containers, with what was done to the sound since', async () => {
  const { bytes } = await make({ bits: 24, reverse: true });
  const { delivery, ...kept } = readRecipe(decodeWav(bytes).info.comment!)!;
  assert.deepEqual(kept, recipe);
  assert.deepEqual((delivery as { reverse: boolean }).reverse, true);
  const flac = readFlacComments((await make({ format: 'flac' })).bytes)!;
  assert.equal(readRecipe(flac.get('FOLEYD')!)!.seed, 42);
  assert.equal(flac.get('TITLE'), 'Großer Hund, nah');
});

test('a steady sound goes round without a click; a bark has no loop', async () => {
  const looped = await make({ loop: true, bits: 32, rate: 22_050 }, rain);
  assert.equal(looped.looped, true);
  const smpl = findChunk(looped.bytes, 'smpl')!;
  const view = new DataView(smpl.buffer, smpl.byteOffset);
  const [first, last] = [view.getUint32(44, true), view.getUint32(48, true)];
  const { pcm } = decodeWav(looped.bytes);
  // After the last sample the first one follows, as in the sound itself it followed the one before it.
  assert.ok(Math.abs(pcm[last]! - rain[first - 1]!) < 1e-6);
  const once = Float32Array.from({ length: 88_200 }, (_, i) => Math.exp(-i / 4000) * (noise() - 0.5));
  const none = await make({ loop: true }, once);
  assert.deepEqual([none.looped, findChunk(none.bytes, 'smpl')], [false, null]);
});

test('ffprobe reads names, time reference and history', { skip: lacks('ffprobe', '-version') }, async () => {
  const file = await saved({ timeReference: 12_345_678, bits: 24 });
  const { format, streams } = JSON.parse(
    run('ffprobe', '-v', 'error', '-of', 'json', '-show_format', '-show_streams', file),
  ) as {
    format: { tags: Record<string, string>; duration: string };
    streams: { codec_name: string; sample_rate: string; channels: number }[];
  };
  assert.deepEqual(
    [streams[0]!.codec_name, streams[0]!.sample_rate, format.duration],
    ['pcm_s24le', '48000', '4.000000'],
  );
  assert.equal(format.tags.time_reference, '12345678');
  assert.equal(format.tags.originator_reference, 'FLYD9F2C4E5D6A7B8190');
  assert.match(format.tags.coding_history!, /seed=42/);
  assert.equal(format.tags.title, 'Großer Hund, nah');
  const flac = JSON.parse(
    run('ffprobe', '-v', 'error', '-of', 'json', '-show_format', await saved({ format: 'flac' })),
  ) as typeof JSON & { format: { tags: Record<string, string> } };
  assert.equal(flac.format.tags.TITLE, 'Großer Hund, nah');
});

test('sox reads every form, and the same samples', { skip: lacks('sox') }, async () => {
  for (const given of [{ bits: 16 }, { bits: 24, channels: 2, pan: 0.5 }, { bits: 32, rate: 96_000 }]) {
    const file = await saved(given);
    assert.equal(run('sox', '--i', '-r', file).trim(), String(given.rate ?? 48_000));
    assert.equal(run('sox', '--i', '-b', file).trim(), String(given.bits));
    assert.equal(run('sox', '--i', '-c', file).trim(), String(given.channels ?? 1));
    const read = spawnSync('sox', [file, '-t', 'raw', '-e', 'float', '-b', '32', '-'], { maxBuffer: 1 << 26 });
    assert.equal(String(read.stderr), '');
    const pcm = new Float32Array(
      read.stdout.buffer.slice(read.stdout.byteOffset, read.stdout.byteOffset + read.stdout.length),
    );
    const own = decodeWav(readFileSync(file)).pcm;
    if (given.channels === undefined)
      assert.equal(
        own.findIndex((value, i) => !(Math.abs(value - pcm[i]!) < 2 ** -24)),
        -1,
      );
    assert.ok(truePeak(own, given.rate ?? 48_000) <= 10 ** (-2 / 20) + 1e-3);
  }
});

test('libsndfile reads the broadcast fields, the cue and the loop', {
  skip: lacks('sndfile-info', '--help'),
}, async () => {
  const said = run('sndfile-info', '--broadcast', await saved({ bits: 24 }));
  assert.match(said, /Origination ref +: FLYD9F2C4E5D6A7B8190/);
  assert.match(said, /BWF version +: 2/);
  const all = run('sndfile-info', await saved({ bits: 24, loop: true }, rain));
  assert.match(all, /cue +: 28\n +Count : 1/);
  assert.match(all, /smpl : 60[\s\S]*Loop Count +: 1/);
});

test('mediainfo reads title, maker and time reference', { skip: lacks('mediainfo') }, async () => {
  const { media } = JSON.parse(run('mediainfo', '--Output=JSON', await saved({ bits: 24, timeReference: 48_000 }))) as {
    media: { track: Record<string, string>[] };
  };
  const [general, audio] = media.track;
  // It takes the texts of LIST INFO, which are UTF-8 here, for Latin-1.
  assert.match(general!.Title!, /er Hund, nah$/);
  assert.match(JSON.stringify(general), /FLYD9F2C4E5D6A7B8190/);
  assert.deepEqual([audio?.BitDepth, audio?.SamplingRate], ['24', '48000']);
});

test('a FLAC holds the very samples of the WAV, and flac gives the whole of it back', {
  skip: lacks('flac'),
}, async () => {
  const file = await saved({ format: 'flac', bits: 16, channels: 2, pan: -0.2 });
  execFileSync('flac', ['-t', '-s', '-w', file], { stdio: 'pipe' });
  const back = path.join(dir, 'back.wav');
  execFileSync('flac', ['-d', '-s', '-f', '--keep-foreign-metadata', '-o', back, file], { stdio: 'pipe' });
  const restored = readFileSync(back);
  const wav = await make({ bits: 16, channels: 2, pan: -0.2 });
  for (const id of ['fmt ', 'data', 'cue '])
    assert.equal(Buffer.compare(findChunk(restored, id)!, findChunk(wav.bytes, id)!), 0, id);
  assert.equal(readBext(findChunk(restored, 'bext')!)!.originatorReference, 'FLYD9F2C4E5D6A7B8190');
});

test('iXML is well formed, whatever a title holds', { skip: lacks('python3') }, async () => {
  const title = 'a <b> & "c" \u0001 ]]> 犬';
  const { bytes } = await renderFile(wavOf(bark), { ...facts, title }, settings({ scene: '12<A' }));
  const file = path.join(dir, 'x.xml');
  writeFileSync(file, findChunk(bytes, 'iXML')!);
  const script =
    'import sys,xml.etree.ElementTree as E;r=E.parse(sys.argv[1]).getroot();print(r.findtext("NOTE"));print(r.findtext("SCENE"));print(r.findtext("ASWG/catId"))';
  assert.equal(run('python3', '-c', script, file), 'a <b> & "c"  ]]> 犬\n12<A\nANMLDog\n');
});

test('a placed sound begins shortly before its onset, which lies on the time that was asked for', async () => {
  const rate = 44_100;
  const timeReference = 3600 * rate;
  for (const at of [0, 0.004, 12.345678]) {
    const { bytes, placed, seconds } = await make({ rate, at, timeReference, length: 0.5, exact: true });
    const onset = placed!.onset * rate;
    const begin = readBext(findChunk(bytes, 'bext')!)!.timeReference;
    assert.ok(Math.abs(begin + onset - timeReference - at * rate) <= 1, `${at}: ${begin + onset}`);
    assert.equal(placed!.start, (begin - timeReference) / rate);
    // The recipe makes the same samples again, wherever the timeline began.
    const delivery = readRecipe(decodeWav(bytes).info.comment!)!.delivery as { lead: number };
    assert.equal(Math.round(seconds * rate), Math.round((0.5 + delivery.lead) * rate));
    const again = await make({ ...delivery, peak: 0 });
    assert.deepEqual(findChunk(again.bytes, 'data'), findChunk(bytes, 'data'));
  }
});

test('at the midnight of its timeline a placed sound keeps what fits before its onset, and silence has no place', async () => {
  const { placed } = await make({ at: 0.004 });
  assert.deepEqual([placed!.start, Math.abs(placed!.offset) < 0.005], [0, true]);
  await assert.rejects(make({ at: 1 }, new Float32Array(22_050)), /silent/);
});
