/** A clip as one of the files that this command writes, with its recipe inside. */
import { encodeFlac } from '../audio/flac.ts';
import { provenanceOf, vorbisFacts } from '../audio/provenance.ts';
import { quantise } from '../audio/quantise.ts';
import { describedBy, encodeWav, type Wav, type WavFormat, wavFormatOfFlac } from '../audio/wav.ts';

export function asWav({ pcm, rate, info }: Wav, format: WavFormat): Uint8Array {
  return encodeWav(pcm, rate, format, info);
}

/** 16 bits, or 24 for what would be floats. */
export function asFlac({ pcm, rate, info }: Wav, format: WavFormat): Uint8Array {
  const bits = format === 's16' ? 16 : 24;
  const { software = 'foleyd', comment } = info;
  const layout = { rate, channels: 1, bits } as const;
  const made = provenanceOf(comment);
  const comments = [
    ['ENCODER', software] as const,
    ...(comment === undefined ? [] : [['FOLEYD', comment] as const]),
    ...(made === null ? [] : vorbisFacts(made)),
  ];
  const { bext, list, more } = describedBy(info, layout);
  const chunks = [...bext, ...wavFormatOfFlac(layout), ...list, ...more];
  return encodeFlac(quantise(pcm, bits, null), layout, { vendor: software, comments, chunks });
}
