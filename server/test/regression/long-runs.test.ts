/** What repeats itself for thousands of characters is read as fast as anything else: a server has one thread to read with. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { coerce } from '../../../protocol/codecs/osc-words.ts';
import { classFromText } from '../../../protocol/commands/fields.ts';
import { envelopeFromText, limits, spectrumFromText } from '../../../protocol/index.ts';
import { decodeWav, encodeWav } from '../../audio/wav.ts';
import { readSheetText } from '../../delivery/csv.ts';
import { readMarkers } from '../../spotting/markers.ts';
import { licenceKind } from '../../voices/licences.ts';

const edl = (line: string): void => void readMarkers(`TITLE: X\n${line}`, { fps: 24 });

/** A WAV whose comment is zeros with a letter behind them. */
function padded(length: number): Uint8Array {
  const list = Buffer.alloc(20 + length);
  list.write('LIST', 0);
  list.writeUInt32LE(12 + length, 4);
  list.write('INFOICMT', 8);
  list.writeUInt32LE(length, 16);
  list[19 + length] = 0x61;
  const wav = Buffer.concat([encodeWav(new Float32Array(8), 22_050, 's16'), list]);
  wav.writeUInt32LE(wav.length - 8, 4);
  return wav;
}

const spaces = (n: number): string => ' '.repeat(n);
const digits = (n: number): string => '1'.repeat(n);
const readers: Record<string, (n: number) => void> = {
  'an event of an edit list': (n) => edl(`1 a b${spaces(n)}x`),
  'the end of an event': (n) => edl(`1 a b 00:00:00:00${spaces(n)}00:00:00:00${spaces(n)}x`),
  'the name of a clip': (n) => edl(`* FROM CLIP NAME:${spaces(n)}\u2028`),
  'a locator': (n) => edl(`* LOC: 00:00:00:00 RED${spaces(n)}\u2028`),
  'a marker of Resolve': (n) => edl(`1 a b${'|M: |D: '.repeat(n / 8)}`),
  'quotes of a sheet': (n) => void readSheetText('"'.repeat(n + 1)),
  'a number as text': (n) => void coerce(`${digits(n)}x`, z.number()),
  'times of events': (n) => void envelopeFromText(`${digits(n)}x`),
  'corners of a spectrum': (n) => void spectrumFromText(`${digits(n)}:${digits(n)}x`),
  'a mix of classes': (n) => void classFromText(`a:${digits(n)}x`),
  'a licence': (n) => void licenceKind(`MIT${spaces(n)}x`),
  'a comment of a WAV': (n) => void decodeWav(padded(n)),
};

function fastest(read: (n: number) => void, n: number): number {
  const times = [0, 1, 2, 3, 4].map(() => {
    const begun = performance.now();
    try {
      read(n);
    } catch {
      // Refused or taken: it is the time that counts.
    }
    return performance.now() - begun;
  });
  return Math.min(...times);
}

for (const [name, read] of Object.entries(readers))
  test(`eight times as much of the same takes about eight times as long: ${name}`, () => {
    const [some, more] = [fastest(read, 2000), fastest(read, 16_000)];
    // A millisecond beside both, below which nothing can be said; squares would be 64 times.
    assert.ok(more + 1 < 24 * (some + 1), `${some.toFixed(2)} ms, then ${more.toFixed(2)} ms`);
  });

test('a refused sheet is not told back to its sender', () => {
  const long = 'a'.repeat(limits.payloadChars);
  for (const sheet of [long, `${long},${long}\n`, `At,${long},Class\n1,2,Rain,4\n`, `Name,Start\n${long},x\n`])
    assert.throws(
      () => readMarkers(sheet, {}),
      ({ message }: Error) => message.length < 2000,
    );
});
