/** Sound that comes from elsewhere: WAV files, files that were delivered, recordings in requests. */
import { readBext, writeBext } from '../../audio/bext.ts';
import { encodeFlac, readFlacComments } from '../../audio/flac.ts';
import { readRecipe, writeRecipe } from '../../audio/recipe.ts';
import { findChunk } from '../../audio/riff.ts';
import { decodeWav, encodeWav, packWav, WavError, wavFormat } from '../../audio/wav.ts';
import { readWavHead } from '../../audio/wav-head.ts';
import { readRecording } from '../../generation/recording.ts';
import { attempt, bytes, type Parser, sampled } from './parser.ts';

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 0.5 * Math.sin(i / 3));

export const recipe = {
  voice: 'ab'.repeat(32),
  voiceId: 'default',
  class: 'Rain',
  ...sampled,
  shape: { fadeIn: 0.1, reverse: true },
};

/** As other programs write them: several channels, other widths, a format with an extension, chunks we do not know. */
function foreignWavs(): Uint8Array[] {
  const head = (code: number, channels: number, bits: number, more = 0): Uint8Array => {
    const view = new DataView(new ArrayBuffer(16 + more));
    for (const [at, value] of [
      [0, code],
      [2, channels],
      [12, (channels * bits) / 8],
      [14, bits],
    ] as const)
      view.setUint16(at, value, true);
    view.setUint32(4, 44_100, true);
    view.setUint32(8, (44_100 * channels * bits) / 8, true);
    if (more > 0) view.setUint16(24, 1, true);
    return new Uint8Array(view.buffer);
  };
  const body = Uint8Array.from({ length: 96 }, (_, i) => (i * 37) & 127);
  const file = (...chunks: [string, Uint8Array][]): Uint8Array => {
    const parts = chunks.map(([id, content]) => Buffer.concat([Buffer.from(id), sized(content), content]));
    const all = Buffer.concat([Buffer.from('WAVE'), ...parts]);
    return new Uint8Array(Buffer.concat([Buffer.from('RIFF'), sized(all), all]));
  };
  return [
    file(['fmt ', head(1, 2, 24)], ['data', body]),
    file(
      ['JUNK', new Uint8Array(28)],
      ['fmt ', head(0xfffe, 2, 16, 24)],
      ['data', body],
      ['LIST', bytes('INFOISFT\x04\0\0\0abc\0')],
    ),
    file(['fmt ', head(1, 1, 8)], ['data', body]),
    file(
      ['fmt ', head(3, 1, 64)],
      ['fact', new Uint8Array(4)],
      ['data', new Uint8Array(Float64Array.of(0.1, -0.2, 0.3).buffer)],
    ),
  ];
}

function sized(content: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  return size;
}

function wavFiles(): Uint8Array[] {
  const info = { comment: writeRecipe(recipe), software: 'foleyd' };
  return [encodeWav(wave(60), 22_050, 'f32', info), encodeWav(wave(61), 48_000, 's16', info), ...foreignWavs()];
}

export function wav(): Parser {
  let count = 0;
  return {
    name: 'wav',
    frames: wavFiles(),
    // No more samples than bytes; none is read twice.
    came: { count: () => count, most: (size) => size },
    take(frame) {
      readWavHead(frame, frame.length);
      try {
        const { pcm, info } = decodeWav(frame);
        count += pcm.length;
        return `${pcm.length} samples, ${readRecipe(info.comment ?? '') === null ? 'bare' : 'with recipe'}`;
      } catch (error) {
        if (error instanceof WavError) return 'refused';
        throw error;
      }
    },
  };
}

/** Files that were delivered and come back: `generate --like` of a FLAC, and what bext says. */
export function delivered(): Parser {
  const comments = [
    ['TITLE', 'Rain'],
    ['FOLEYD', writeRecipe(recipe)],
  ] as const;
  const loudness = { integrated: -23, range: 1, momentary: -20, shortTerm: -22 };
  const bext = writeBext({
    description: 'Rain',
    originator: 'foleyd',
    originatorReference: 'FLYD1',
    when: 1.7e12,
    timeReference: 5,
    loudness,
    truePeak: -2,
    codingHistory: ['A=PCM,F=48000,W=24,M=mono,T=x'],
  });
  const layout = { rate: 8000, channels: 1, bits: 16 } as const;
  const chunks = [bext, ...wavFormat(layout, 64)];
  const sound = Int32Array.from({ length: 64 }, (_, i) => (i * 37) % 99);
  const frames = [
    packWav(sound, layout, chunks),
    encodeFlac(sound, layout, { vendor: 'foleyd', comments, chunks }),
    encodeFlac(sound, layout, { vendor: '', comments }),
  ];
  return {
    name: 'delivered files',
    frames,
    take(frame) {
      const found = readFlacComments(frame);
      if (found !== null) return readRecipe(found.get('FOLEYD') ?? '') === null ? 'none' : 'with recipe';
      const body = findChunk(frame, 'bext');
      return body === null || readBext(body) === null ? 'none' : 'with bext';
    },
  };
}

/** Recordings as requests carry them: base64 of a WAV, or bare samples. */
export function recording(): Parser {
  const frames = [
    ...wavFiles().map((file) => bytes(Buffer.from(file).toString('base64'))),
    ...wavFiles(),
    bytes('AAEAAgAD'),
  ];
  const wavs = wavFiles().length;
  return {
    name: 'recordings',
    frames,
    take: (frame, base) =>
      attempt(() => {
        const text = Buffer.from(frame).toString('latin1');
        if (base < wavs) readRecording({ data: text });
        else if (base < 2 * wavs) readRecording({ data: frame });
        else readRecording({ data: text, rate: 22_050, format: 's16' });
      }),
  };
}
