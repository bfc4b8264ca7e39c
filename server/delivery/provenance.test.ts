import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileSettings } from '../../protocol/index.ts';
import { statedSourceTypes } from '../audio/provenance.ts';
import { readRecipe, writeRecipe } from '../audio/recipe.ts';
import { decodeWav, encodeWav } from '../audio/wav.ts';
import { HEAD_BYTES, readWavHead } from '../audio/wav-head.ts';
import { renderFile } from './file.ts';

const URI = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';
const recipe = {
  voice: '0123456789abcdef'.repeat(4),
  voiceId: 'default',
  class: 'Rain',
  classWeights: [0, 1],
  seed: 42,
  temperature: 1,
  topK: 0,
  topP: 1,
  rate: 22_050,
  version: '0.1.0',
};
const facts = {
  clip: '9f2c4e5d6a7b8190',
  title: 'Rain <heavy> & close',
  created: Date.UTC(2026, 10, 26),
  seed: 42,
  name: { catId: 'RAIN', fxName: 'Rain', creatorId: 'JD', sourceId: 'FOLEY', userData: 's42' },
  software: 'foleyd 0.1.0',
};
const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-provenance-'));
after(() => rmSync(dir, { recursive: true }));
const pcm = Float32Array.from({ length: 2205 }, (_, i) => 0.3 * Math.sin(i * 0.05));
const wavOf = (more = {}, format: 'f32' | 's16' = 'f32'): Uint8Array =>
  encodeWav(pcm, 22_050, format, { comment: writeRecipe({ ...recipe, ...more }), software: 'foleyd 0.1.0' });
const settings = (given: object) => fileSettings.parse(given);
const delivered = async (given: object, wav = wavOf()): Promise<Uint8Array> =>
  (await renderFile(wav, facts, settings(given))).bytes;
const all = (name: string): object => ({ bext: name, 'LIST INFO': name, XMP: name, iXML: name });

test('a saved or delivered WAV says in XMP, iXML, LIST INFO and bext that a model made it', async () => {
  for (const wav of [wavOf(), wavOf({}, 's16'), await delivered({}), await delivered({ bits: 32, loop: true })])
    assert.deepEqual(Object.fromEntries(statedSourceTypes(wav)), all('trainedAlgorithmicMedia'));
});

test('a FLAC says it in Vorbis comments, and in the chunks of its WAV', async () => {
  const name = 'trainedAlgorithmicMedia';
  const stated = Object.fromEntries(statedSourceTypes(await delivered({ format: 'flac' })));
  assert.deepEqual(stated, { 'Vorbis comment': name, ...all(name) });
});

test('what was made from a recording is a composite, and its variations are too', async () => {
  const wav = wavOf({ lineage: { how: 'varied', from: null, recording: true, amount: 0.3 } });
  const name = 'compositeWithTrainedAlgorithmicMedia';
  for (const bytes of [wav, await delivered({}, wav)])
    assert.deepEqual(Object.fromEntries(statedSourceTypes(bytes)), all(name));
});

test('a sound that foleyd did not make claims nothing', async () => {
  const foreign = encodeWav(pcm, 22_050, 'f32', { comment: 'a microphone' });
  assert.equal(statedSourceTypes(foreign).size, 0);
  assert.equal(statedSourceTypes(await delivered({}, foreign)).size, 0);
});

test('the statement changes neither the samples nor the recipe, and is read with the head of the file', () => {
  const wav = wavOf();
  assert.deepEqual(decodeWav(wav).pcm, pcm);
  assert.deepEqual(readRecipe(decodeWav(wav).info.comment!), recipe);
  assert.equal(readWavHead(wav.slice(0, HEAD_BYTES), wav.length)?.seconds, 0.1);
});

/** What each program, none of them ours, prints of a file. */
const readers: [program: string, args: string[], ending: 'wav' | 'flac', find: RegExp][] = [
  ['exiftool', ['-XMP-iptcExt:DigitalSourceType', '-n', '-s3'], 'wav', new RegExp(`^${URI}$`, 'm')],
  ['ffprobe', ['-v', 'error', '-show_format'], 'wav', new RegExp(`coding_history=.*digitalSourceType=${URI};`)],
  ['sndfile-info', ['--broadcast'], 'wav', new RegExp(`digitalSourceType=${URI};`)],
  ['mediainfo', ['--Details=1'], 'wav', new RegExp(`<DIGITALSOURCETYPE>${URI}</DIGITALSOURCETYPE>`)],
  ['metaflac', ['--show-tag=DIGITALSOURCETYPE'], 'flac', new RegExp(`DIGITALSOURCETYPE=${URI}`)],
  ['ffprobe', ['-v', 'error', '-show_format'], 'flac', new RegExp(`DIGITALSOURCETYPE=${URI}`)],
  ['sox', ['--i'], 'flac', new RegExp(`DIGITALSOURCETYPE=${URI}`, 'i')],
];
for (const [program, args, ending, find] of readers) {
  const skip = spawnSync(program, ['--version']).error === undefined ? false : `${program} is not installed`;
  test(`${program} reads the source type in a ${ending.toUpperCase()}`, { skip }, async () => {
    const files = ending === 'flac' ? [await delivered({ format: 'flac' })] : [wavOf(), await delivered({})];
    for (const [i, bytes] of files.entries()) {
      const file = path.join(dir, `${i}.${ending}`);
      writeFileSync(file, bytes);
      assert.match(
        execFileSync(program, [...args, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
        find,
      );
    }
  });
}
