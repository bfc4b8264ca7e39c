import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { encodeFlac, type FlacLayout, readFlacComments } from './flac.ts';
import { crc8, crc16 } from './flac-bits.ts';
import { quantise, seededNoise } from './quantise.ts';
import { chunk, concat } from './riff.ts';
import { infoList, packWav, wavFormatOfFlac } from './wav.ts';

const missing = (program: string): string | false =>
  spawnSync(program, ['-version']).error === undefined ? false : `${program} is not installed`;
const [noFlac, noFfmpeg] = [missing('flac'), missing('ffmpeg')];
const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-flac-'));
after(() => rmSync(dir, { recursive: true }));
const tags = { vendor: 'foleyd test', comments: [['TITLE', 'Dog „Bark“']] as const };

/** Interleaved sounds that each ask something else of the encoder. */
function sounds(channels: number, bits: 16 | 24): Record<string, Int32Array> {
  const most = 2 ** (bits - 1) - 1;
  const noise = seededNoise(3);
  const make = (frames: number, at: (i: number, channel: number) => number): Int32Array =>
    Int32Array.from({ length: frames * channels }, (_, i) => at(Math.floor(i / channels), i % channels));
  return {
    none: make(0, () => 0),
    one: make(1, () => -most - 1),
    few: make(17, (i) => i * 31 - 200),
    silent: make(9000, () => 0),
    constant: make(5000, (_, channel) => 1234 * (channel + 1)),
    tone: make(12_289, (i, channel) => Math.round(most * 0.7 * Math.sin(i * 0.03 + channel))),
    white: make(8192, () => Math.round((noise() * 2 - 1) * most)),
    square: make(8192, (i) => (i % 50 < 25 ? most : -most - 1)),
    impulses: make(10_000, (i) => (i % 997 === 0 ? most : 0)),
    decaying: make(9001, (i, channel) =>
      Math.round(most * Math.exp(-i / 900) * Math.sin(i * i * 0.001) * (channel ? 0.3 : 0.9)),
    ),
    opposed: make(4096, (i, channel) => (channel ? -1 : 1) * Math.round(most * Math.sin(i * 0.1))),
  };
}

const raw = (sound: Int32Array, bits: number): Buffer => {
  const bytes = Buffer.alloc((sound.length * bits) / 8);
  for (const [i, value] of sound.entries()) bytes.writeIntLE(value, (i * bits) / 8, bits / 8);
  return bytes;
};

const layouts: FlacLayout[] = [
  { rate: 22_050, channels: 1, bits: 16 },
  { rate: 48_000, channels: 2, bits: 24 },
  { rate: 192_000, channels: 2, bits: 16 },
  { rate: 96_000, channels: 1, bits: 24 },
  { rate: 11_025, channels: 1, bits: 16 },
  { rate: 100_000, channels: 1, bits: 24 },
  { rate: 176_401, channels: 1, bits: 16 },
];

for (const layout of layouts) {
  const { rate, channels, bits } = layout;
  const name = `${channels} channels of ${bits} bits at ${rate} Hz`;
  test(`flac finds no fault with ${name}, and gives every sample back`, { skip: noFlac }, () => {
    for (const [what, sound] of Object.entries(sounds(channels, bits))) {
      const file = path.join(dir, `${what}-${rate}.flac`);
      writeFileSync(file, encodeFlac(sound, layout, tags));
      // Warnings are failures too: it checks every CRC and the MD5 of all samples.
      execFileSync('flac', ['-t', '-s', ...(sound.length > 0 ? ['-w'] : []), file], { stdio: 'pipe' });
      const decoded = execFileSync(
        'flac',
        ['-d', '-s', '-c', '--force-raw-format', '--endian=little', '--sign=signed', file],
        { maxBuffer: 1 << 26, stdio: 'pipe' },
      );
      assert.ok(decoded.equals(raw(sound, bits)), what);
    }
  });
  test(`ffmpeg decodes ${name} to the very samples`, { skip: noFfmpeg }, () => {
    for (const [what, sound] of Object.entries(sounds(channels, bits))) {
      if (sound.length === 0) continue;
      const file = path.join(dir, `${what}.flac`);
      writeFileSync(file, encodeFlac(sound, layout, tags));
      const decoded = execFileSync(
        'ffmpeg',
        ['-v', 'error', '-xerror', '-err_detect', 'explode', '-i', file, '-f', `s${bits}le`, '-'],
        { maxBuffer: 1 << 26, stdio: 'pipe' },
      );
      assert.ok(decoded.equals(raw(sound, bits)), what);
    }
  });
}

test('what is predictable is written small, and noise hardly larger than it is', () => {
  const size = (sound: Int32Array, bits: 16 | 24): number =>
    encodeFlac(sound, { rate: 48_000, channels: 1, bits }, tags).length / ((sound.length * bits) / 8);
  const all = sounds(1, 16);
  assert.ok(size(all.silent!, 16) < 0.02);
  assert.ok(size(all.white!, 16) < 1.02);
  const tone = quantise(
    Float32Array.from({ length: 48_000 }, (_, i) => 0.5 * Math.sin(i * 0.05)),
    16,
    null,
  );
  // Fixed predictors alone need more than half.
  assert.ok(size(tone, 16) < 0.25, `${size(tone, 16)}`);
});

test('flac gives the WAV back whose chunks a file carries, byte for byte', { skip: noFlac }, () => {
  for (const layout of layouts.slice(0, 2)) {
    const { channels, bits } = layout;
    const sound = sounds(channels, bits).decaying!;
    const odd = sound.subarray(0, channels * 4999);
    for (const samples of [sound, odd]) {
      const chunks = [
        chunk('bext', new Uint8Array(602)),
        ...wavFormatOfFlac(layout),
        infoList([['ICMT', 'odd']])!,
        chunk('iXML', new TextEncoder().encode('<BWFXML/>')),
      ];
      const wav = packWav(samples, layout, chunks);
      const [file, back] = [path.join(dir, 'foreign.flac'), path.join(dir, 'foreign.wav')];
      writeFileSync(file, encodeFlac(samples, layout, { ...tags, chunks }));
      execFileSync('flac', ['-d', '-s', '-f', '--keep-foreign-metadata', '-o', back, file], { stdio: 'pipe' });
      const restored = readFileSync(back);
      assert.equal(restored.length, wav.length);
      assert.equal(
        restored.findIndex((byte, i) => byte !== wav[i]),
        -1,
      );
    }
  }
});

test('comments come back as they were written', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[A-Z_]{1,9}$/), { maxLength: 6 }), text, (names, value) => {
      const comments = names.map((one, i) => [one, `${value}=${i}`] as const);
      const file = encodeFlac(new Int32Array(4), { rate: 8000, channels: 1, bits: 16 }, { vendor: value, comments });
      assert.deepEqual(
        [...(readFlacComments(file) ?? [])],
        comments.map((one) => [...one]),
      );
    }),
  );
});

test('a reader of comments takes any bytes', (t) => {
  const seed = Number(process.env.FOLEYD_FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
  t.diagnostic(`FOLEYD_FUZZ_SEED=${seed}`);
  const comments = [
    ['FOLEYD', '{"a":1}'],
    ['TITLE', 'x'],
  ] as const;
  const good = encodeFlac(new Int32Array(64), { rate: 8000, channels: 1, bits: 16 }, { vendor: 'v', comments });
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 12 });
  const unharmed = (bytes: Uint8Array): void => {
    const found = readFlacComments(bytes);
    assert.ok(found === null || found.size <= bytes.length);
  };
  fc.assert(
    fc.property(edits, fc.nat(good.length), (changes, cut) => {
      const bytes = good.slice(0, cut > good.length / 2 ? good.length : cut);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      unharmed(bytes);
    }),
    { seed, numRuns: 3000 },
  );
  const begun = fc.uint8Array({ maxLength: 100 }).map((more) => concat([new TextEncoder().encode('fLaC'), more]));
  fc.assert(fc.property(begun, unharmed), { seed, numRuns: 1000 });
  assert.equal(readFlacComments(new Uint8Array(0)), null);
  assert.equal(readFlacComments(new TextEncoder().encode('RIFF')), null);
});

test('check sums are those of the specification', () => {
  // The usual test word.
  const word = new TextEncoder().encode('123456789');
  assert.equal(crc8(word), 0xf4);
  assert.equal(crc16(word), 0xfee8);
});
