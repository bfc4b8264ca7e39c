import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../protocol/index.ts';
import { encodeWav } from '../audio/wav.ts';
import { type Recording, readRecording } from './recording.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const knock = Float32Array.from({ length: 60 }, (_, i) => 0.5 * Math.sin(i / 3));

/** Sound that an encoder can be given, or a bad_args that names the argument. */
function unharmed(recording: Recording): Float32Array | null {
  try {
    const { pcm, rate } = readRecording(recording);
    assert.ok(pcm.length > 0 && rate >= 4000 && rate <= 384_000);
    assert.ok(pcm.every((sample) => Math.abs(sample) <= 1));
    assert.ok(pcm.some((sample) => sample !== 0));
    return pcm;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    assert.deepEqual([error.code, error.path], ['bad_args', 'args.recording']);
    assert.ok(error.message.length < 200, 'what was sent is not echoed');
    return null;
  }
}

test('bytes and texts from anywhere are sound or refused, nothing else', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const rate = fc.option(fc.integer({ min: 4000, max: 384_000 }), { nil: undefined });
  const format = fc.constantFrom('f32' as const, 's16' as const, undefined);
  let sounds = 0;
  fc.assert(
    fc.property(bytes, rate, format, (sent, hertz, as) => {
      if (unharmed({ data: sent, rate: hertz, format: as }) !== null) sounds += 1;
    }),
    { numRuns: 2000 },
  );
  assert.ok(sounds > 0, 'some of it is sound');
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      rate,
      (text, hertz) => void unharmed({ data: text, rate: hertz }),
    ),
    { numRuns: 1000 },
  );
});

test('a WAV that was damaged is sound or refused', () => {
  const good = (['f32', 's16'] as const).map((format) => encodeWav(knock, 48_000, format, { comment: 'take 3' }));
  let [sounds, refused] = [0, 0];
  fc.assert(
    fc.property(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(320), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.nat(320), { freq: 4 }),
      (wav, edits, cut) => {
        const bytes = wav.slice(0, cut ?? wav.length);
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        if (unharmed({ data: base64(bytes) }) === null) refused += 1;
        else sounds += 1;
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(sounds > 100 && refused > 100, `${sounds} were sound, ${refused} were refused`);
});

test('each way of not being a recording is told', () => {
  const wav = (pcm: Float32Array, rate = 48_000): string => base64(encodeWav(pcm, rate, 'f32'));
  const refusals: [Recording, RegExp][] = [
    [{ data: '' }, /the file is empty/],
    [{ data: '?' }, /base64/],
    [{ data: base64(Buffer.from('ID3 an mp3, it seems')) }, /this is an MP3 file; expected a WAV file/],
    [{ data: wav(knock).slice(0, 40) }, /no data chunk|format chunk/],
    [{ data: wav(new Float32Array(0)) }, /no sample/],
    [{ data: wav(new Float32Array(9)) }, /silent/],
    [{ data: wav(knock, 100) }, /100 Hz/],
    [
      { data: base64(new Uint8Array(Float32Array.of(0.1, Number.NaN).buffer)), rate: 8000, format: 'f32' },
      /not a number/,
    ],
    [{ data: base64(new Uint8Array(3)), rate: 8000, format: 's16' }, /3 bytes/],
    [{ data: '', rate: 8000 }, /no sample/],
  ];
  for (const [recording, message] of refusals)
    assert.throws(() => readRecording(recording), { code: 'bad_args', path: 'args.recording', message });
  const loud = readRecording({ data: wav(Float32Array.of(0.5, -4)) });
  assert.deepEqual([...loud.pcm], [0.125, -1]);
});
