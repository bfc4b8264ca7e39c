/** What `envelope` and `spectrum` have in common: whether a voice follows them, and the sound of a clip whose own is followed. */
import { limits, ProtocolError } from '../../protocol/index.ts';
import { resample } from '../audio/resample.ts';
import { decodeWav } from '../audio/wav.ts';
import type { Conditioning } from '../cards/conditioning.ts';
import type { Clips } from '../clips/clip.ts';
import type { MelSpec } from '../engine/dsp/mel.ts';
import type { Voice } from '../voices/voice.ts';
import { modelOf } from './voice-class.ts';

const kinds = {
  envelope: { field: 'contour', plural: 'loudness contours', forms: 'onsets (0.2,0.75), breakpoints (0:-60,0.5:-9)' },
  spectrum: { field: 'spectrum', plural: 'average spectra', forms: 'breakpoints (100:-30,800:0)' },
} as const;

/** Throws bad_args where the clip's class is made by a prior that was trained without what it shall follow. */
export function checkFollows(voice: Voice, conditioning: Conditioning, kind: keyof typeof kinds): void {
  const { field, plural } = kinds[kind];
  const { voiceDir } = voice.modelFor(conditioning);
  if ((modelOf(voice, voiceDir).card.prior[field] ?? 0) > 0) return;
  const message = `args.${kind}: voice ${voice.id} was trained without ${plural} and follows none; expected a voice whose card has prior.${field}`;
  throw new ProtocolError('bad_args', message, { path: `args.${kind}` });
}

/** Throws bad_args where the voice draws no contours that could be chosen by their events, or the clip follows another one. */
export function checkDensity(
  voice: Voice,
  conditioning: Conditioning,
  { density = 0, envelope }: { density?: number | undefined; envelope?: unknown },
  at = 'args.density',
): void {
  if (density === 0) return;
  const refuse = (message: string): never => {
    throw new ProtocolError('bad_args', `${at}: ${message}`, { path: at });
  };
  if (envelope !== undefined) refuse('envelope says when there are events; expected one of the two');
  const { voiceDir } = voice.modelFor(conditioning);
  if (modelOf(voice, voiceDir).card.graphs.contour === undefined)
    refuse(`voice ${voice.id} draws no loudness contours; expected a voice whose card has graphs.contour`);
}

/** A saved clip at the voice's rate. Throws unknown_clip, io_error, or bad_args where it is shorter than a mel frame. */
export async function soundOfClip(
  id: string,
  kind: keyof typeof kinds,
  { rate, nFft }: MelSpec,
  clips: Clips,
): Promise<Float32Array> {
  const bytes = await clips.read(id).catch((error: unknown) => {
    if (!(error instanceof ProtocolError) || error.code !== 'unknown_clip') throw error;
    // A word that is none of the other forms is taken for an id.
    const why = `there is no clip ${JSON.stringify(id.slice(0, 40))} for ${kind}`;
    const message = `${why}; expected ${kinds[kind].forms} or the id of a clip; clip.list lists the clips`;
    throw new ProtocolError(error.code, message, { path: error.path, cause: error });
  });
  return atRateOf({ rate, nFft }, decodeWav(bytes), `args.${kind}.clip`, `clip ${id}`);
}

/** A sound at the voice's rate. Throws bad_args where it is shorter than a mel frame. */
export async function atRateOf(
  { rate, nFft }: Pick<MelSpec, 'rate' | 'nFft'>,
  sound: { pcm: Float32Array; rate: number },
  path: string,
  what: string,
): Promise<Float32Array> {
  const own = await resample(sound.pcm.subarray(0, limits.seconds * sound.rate), sound.rate, rate);
  if (own.length >= nFft) return own;
  const message = `${path}: ${what} is shorter than one mel frame; expected at least ${nFft} samples at ${rate} Hz`;
  throw new ProtocolError('bad_args', message, { path });
}

export function specOf({ card }: Voice): MelSpec & { frames: number } {
  return { ...card.mel, rate: card.audio.rate };
}
