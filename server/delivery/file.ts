/** A saved clip as the file that is delivered: shaped, at its rate and level, placed, named, and described. */
import type { FileSettings } from '../../protocol/index.ts';
import { shapeSound } from '../audio/edit.ts';
import { encodeFlac } from '../audio/flac.ts';
import { loopOf, onsetOf } from '../audio/onset-and-loop.ts';
import { quantise } from '../audio/quantise.ts';
import { resample } from '../audio/resample.ts';
import { decodeWav, packWav, type WavLayout, wavFormat, wavFormatOfFlac } from '../audio/wav.ts';
import { type FileFacts, metadataOf } from './metadata.ts';
import { normalise, panGains } from './normalise.ts';
import { fileName } from './ucs.ts';

export interface RenderedFile {
  bytes: Uint8Array;
  /** By the rules of UCS, without ending. */
  stem: string;
  ending: 'wav' | 'flac';
  seconds: number;
  /** Integrated, LUFS. */
  lufs: number | null;
  /** dBTP. */
  truePeak: number | null;
  /** dB. */
  gain: number;
  looped: boolean;
}

/** What is known of a clip beside its sound. */
export type ClipFacts = Omit<FileFacts, 'settings' | 'sourceRate' | 'comment'>;

/**
 * The same clip and settings give the same bytes.
 * @param wav as it was saved
 */
export async function renderFile(wav: Uint8Array, facts: ClipFacts, settings: FileSettings): Promise<RenderedFile> {
  const own = decodeWav(wav);
  const { rate, bits, channels, pan, format } = settings;
  const { gain: _, ...shape } = settings;
  const sound = await resample(
    shapeSound(own.pcm, own.rate, { ...shape } as Parameters<typeof shapeSound>[2]),
    own.rate,
    rate,
  );
  const round = settings.loop ? loopOf(sound, rate) : null;
  const factors = channels === 1 ? ([1] as const) : panGains(pan);
  const levelled = normalise(round?.pcm ?? sound, rate, Math.max(...factors), settings);
  const interleaved = interleave(levelled.pcm, factors);
  const layout: WavLayout = { rate, channels, bits };
  const described = metadataOf({
    facts: { ...facts, settings, sourceRate: own.rate, comment: own.info.comment },
    levels: levelled,
    onset: onsetOf(levelled.pcm, rate),
    loop: round?.loop ?? null,
  });
  const samples = bits === 32 ? interleaved : quantise(interleaved, bits, bits === 16 ? (facts.seed ?? 0) : null);
  const bytes =
    format === 'flac'
      ? encodeFlac(samples as Int32Array, layout as Parameters<typeof encodeFlac>[1], {
          vendor: facts.software,
          comments: described.comments,
          chunks: [described.bext, ...wavFormatOfFlac(layout), ...described.chunks],
        })
      : packWav(samples, layout, [described.bext, ...wavFormat(layout, levelled.pcm.length), ...described.chunks]);
  return {
    bytes,
    stem: fileName(facts.name),
    ending: format,
    seconds: levelled.pcm.length / rate,
    lufs: levelled.loudness.integrated,
    truePeak: levelled.truePeak,
    gain: levelled.gain,
    looped: round !== null,
  };
}

function interleave(pcm: Float32Array, factors: readonly number[]): Float32Array {
  if (factors.length === 1) return pcm;
  const out = new Float32Array(pcm.length * factors.length);
  for (let i = 0; i < pcm.length; i++)
    for (const [channel, factor] of factors.entries()) out[i * factors.length + channel] = pcm[i]! * factor;
  return out;
}
