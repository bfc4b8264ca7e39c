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
import { type Placed, placeOnset } from './place.ts';
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
  /** Null unless it was put on a timeline. */
  placed: Placed | null;
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
  const cut = await (settings.at === undefined ? shaped(own, settings) : placed(own, settings, settings.at));
  const { pcm: sound, timeReference = settings.timeReference, lead } = cut;
  const round = settings.loop ? loopOf(sound, rate) : null;
  const factors = channels === 1 ? ([1] as const) : panGains(pan);
  const levelled = normalise(round?.pcm ?? sound, rate, Math.max(...factors), settings);
  const interleaved = interleave(levelled.pcm, factors);
  const layout: WavLayout = { rate, channels, bits };
  const onset = onsetOf(levelled.pcm, rate);
  const told = { ...settings, timeReference, ...(lead === undefined ? {} : { lead }) };
  const described = metadataOf({
    facts: { ...facts, settings: told, sourceRate: own.rate, comment: own.info.comment },
    levels: levelled,
    onset,
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
    placed: settings.at === undefined ? null : placeTold(settings, settings.at, timeReference, onset ?? 0),
  };
}

type Own = ReturnType<typeof decodeWav>;
type Shape = Parameters<typeof shapeSound>[2];

/** At the file's rate. */
interface Cut {
  pcm: Float32Array;
  /** In place of the one that was asked for. */
  timeReference?: number;
  lead?: number;
}

async function shaped(own: Own, settings: FileSettings): Promise<Cut> {
  const { gain: _, rate, ...shape } = settings;
  return { pcm: await resample(shapeSound(own.pcm, own.rate, { ...shape } as Shape), own.rate, rate) };
}

/** The onset is looked for at the file's own rate: it lies on a sample of it. */
async function placed(own: Own, settings: FileSettings, at: number): Promise<Cut> {
  const { rate, trim, length, exact, fadeIn, fadeOut, lead: most, timeReference: begin } = settings;
  const whole = await resample(shapeSound(own.pcm, own.rate, trim === undefined ? {} : { trim }), own.rate, rate);
  const { pcm, lead, timeReference } = placeOnset(whole, { rate, at, lead: most, begin });
  const shape = {
    ...(length === undefined ? {} : { length: length + lead, exact }),
    // What is cut off before the onset shall not click.
    fadeIn: fadeIn ?? lead,
    ...(fadeOut === undefined ? {} : { fadeOut }),
  };
  return { pcm: shapeSound(pcm, rate, shape), lead, timeReference };
}

function placeTold(
  { rate, timeReference: begin }: FileSettings,
  at: number,
  timeReference: number,
  onset: number,
): Placed {
  const start = (timeReference - begin) / rate;
  return { at, start, onset: onset / rate, offset: start + onset / rate - at };
}

function interleave(pcm: Float32Array, factors: readonly number[]): Float32Array {
  if (factors.length === 1) return pcm;
  const out = new Float32Array(pcm.length * factors.length);
  for (let i = 0; i < pcm.length; i++)
    for (const [channel, factor] of factors.entries()) out[i * factors.length + channel] = pcm[i]! * factor;
  return out;
}
