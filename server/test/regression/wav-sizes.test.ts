/** WAV files whose sizes lie, as pipes, recorders and broken transfers leave them: what is there is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ascii, chunk, concat, uint32 } from '../../audio/riff.ts';
import { decodeWav, encodeWav, packWav, WavError, wavFormat } from '../../audio/wav.ts';
import { readRecording } from '../../generation/recording.ts';

const pcm = Float32Array.from({ length: 50 }, (_, i) => Math.fround(Math.sin(i)));
/** Samples at the end, so that `data` is followed by them alone. */
const plain = encodeWav(pcm, 22_050, 'f32', { comment: 'kept' });
const dataAt = plain.length - pcm.length * 4;

function withSizes(riff: number, data: number, of: Uint8Array = plain): Uint8Array {
  const bytes = of.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(4, riff, true);
  view.setUint32(dataAt - 4, data, true);
  return bytes;
}

test('sizes that a pipe never filled in cost no sample', () => {
  for (const [riff, data] of [
    [0xffffffff, 0xffffffff],
    [0x7ffff024, 0x7ffff000],
    [0, 0],
    [8, 0],
    [0xffffffff, 0],
  ] as const) {
    const read = decodeWav(withSizes(riff, data));
    assert.deepEqual([read.pcm, read.info.comment], [pcm, 'kept'], `${riff} ${data}`);
  }
});

test('a file that was cut off keeps its whole samples', () => {
  assert.deepEqual(decodeWav(plain.subarray(0, plain.length - 1)).pcm, pcm.subarray(0, 49));
  assert.deepEqual(decodeWav(plain.subarray(0, dataAt + 10)).pcm, pcm.subarray(0, 2));
  assert.equal(decodeWav(plain.subarray(0, dataAt)).pcm.length, 0);
});

test('a chunk that is cut off behind whole samples does not cost them', () => {
  const list = chunk('LIST', concat([ascii('INFO'), chunk('ICMT', ascii('much longer than what is left of it'))]));
  for (const length of [3, 9, 20]) assert.deepEqual(decodeWav(concat([plain, list.subarray(0, length)])).pcm, pcm);
  assert.equal(decodeWav(concat([plain, list])).info.comment, 'much longer than what is left of it');
});

test('no sample and chunks behind is a file without sound, not a file whose size is missing', () => {
  const empty = encodeWav(new Float32Array(0), 22_050, 's16');
  const after = chunk('LIST', concat([ascii('INFO'), chunk('ICMT', ascii('after'))]));
  const read = decodeWav(concat([empty, after]));
  assert.deepEqual([read.pcm.length, read.info.comment], [0, 'after']);
});

test('RF64 and BW64 take their sizes from the ds64 chunk', () => {
  const ds64 = new DataView(new ArrayBuffer(28));
  ds64.setBigUint64(8, BigInt(pcm.length * 4), true);
  const body = concat([
    ...[ascii('WAVE'), chunk('ds64', new Uint8Array(ds64.buffer)), plain.subarray(12, dataAt - 4), uint32(0xffffffff)],
    ...[plain.subarray(dataAt), chunk('LIST', concat([ascii('INFO'), chunk('ISFT', ascii('behind'))]))],
  ]);
  for (const kind of ['RF64', 'BW64']) {
    const read = decodeWav(concat([ascii(kind), uint32(0xffffffff), body]));
    assert.deepEqual([read.pcm, read.info.comment], [pcm, 'kept'], kind);
  }
});

test('A-law and mu-law are decoded; ADPCM and other kinds of files are refused by their names', () => {
  const law = (code: number, ...codes: number[]): Uint8Array => {
    const [head] = wavFormat({ rate: 8000, channels: 1, bits: 16 }, 0);
    const format = head!.slice();
    new DataView(format.buffer).setUint16(8, code, true);
    new DataView(format.buffer).setUint16(22, code === 2 ? 4 : 8, true);
    const bytes = concat([ascii('WAVE'), format, chunk('data', Uint8Array.from(codes))]);
    return concat([ascii('RIFF'), uint32(bytes.length), bytes]);
  };
  // Smallest and largest steps of G.711, tables 1 and 2.
  const steps = (bytes: Uint8Array): number[] => [...decodeWav(bytes).pcm].map((value) => value * 32_768);
  assert.deepEqual(steps(law(6, 0xd5, 0x55, 0xaa, 0x2a)), [8, -8, 32_256, -32_256]);
  assert.deepEqual(steps(law(7, 0xff, 0x7f, 0x80, 0x00)), [0, 0, 32_124, -32_124]);
  for (const [bytes, said] of [
    [law(2, 0), /^Microsoft ADPCM is not supported/],
    [law(17, 0), /^IMA ADPCM is not supported/],
    [law(85, 0), /^MP3 is not supported/],
    [ascii('fLaC and more'), /^this is a FLAC file; expected a WAV file/],
    [ascii('FORM1234AIFF'), /^this is an AIFF file/],
    [ascii('....ftypM4A '), /^this is an MP4 \(M4A\) file/],
    [new Uint8Array(0), /^the file is empty; expected a WAV file/],
  ] as const)
    assert.throws(() => decodeWav(bytes), { name: 'WavError', message: said });
});

test('stereo in opposite phase is not silent, and other stereo is averaged', () => {
  const layout = { rate: 22_050, channels: 2, bits: 32 } as const;
  const stereo = (right: (value: number) => number): Uint8Array => {
    const sound = Float32Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? pcm[i / 2]! : right(pcm[(i - 1) / 2]!)));
    return packWav(sound, layout, wavFormat(layout, 50));
  };
  const opposite = stereo((value) => -value);
  assert.deepEqual(decodeWav(opposite).pcm, pcm);
  assert.deepEqual(readRecording({ data: opposite }).pcm, pcm);
  assert.deepEqual(
    decodeWav(stereo(() => 0)).pcm,
    pcm.map((value) => value / 2),
  );
});

test('an error names no byte of the file that could steer a terminal', () => {
  const bytes = concat([ascii('RIFF'), uint32(20), ascii('WAVE'), ascii('\u001b[2J'), uint32(4), ascii('abcd')]);
  assert.throws(
    () => decodeWav(bytes),
    (error: unknown) => error instanceof WavError && /^[ -~]*$/.test(error.message),
  );
});
