/** The sound of which `foley.vary` makes a stretch anew: a saved clip's or a recording's, where the stretch may lie, and what the new part follows. */
import { type EnvelopeArg, limits, ProtocolError } from '../../protocol/index.ts';
import type { Shape } from '../audio/edit.ts';
import { resample } from '../audio/resample.ts';
import { decodeWav } from '../audio/wav.ts';
import { contourOf } from '../engine/dsp/loudness.ts';
import type { Voice } from '../voices/voice.ts';
import { gridOf } from './code-grid.ts';
import { specOf } from './followed.ts';
import type { Stretch } from './stretch.ts';
import { modelOf, orderOf, type VoiceClass } from './voice-class.ts';

/** The sound that a stretch is of, at its own rate. */
export type HeardSound = Pick<Stretch, 'base' | 'rate' | 'begin' | 'shape'>;

interface Wanted {
  from?: number | undefined;
  to?: number | undefined;
  /** Hz. */
  rate?: number | undefined;
}

/** Decodes a saved clip, with its edits applied. */
export function heardClip(wav: Uint8Array, shape: Shape): HeardSound {
  const { pcm, rate } = decodeWav(wav);
  return { base: pcm, rate, begin: shape.trim ?? 0, shape };
}

/** What of a recording is encoded: its beginning, or as much around a stretch as the voice makes. */
export function aroundStretch(
  { from, to }: Wanted,
  { pcm, rate }: { pcm: Float32Array; rate: number },
  { id, rate: own, samples }: Voice,
): { pcm: Float32Array; begin: number } {
  if (from === undefined && to === undefined) return { pcm, begin: 0 };
  const [seconds, most] = [pcm.length / rate, samples / own];
  const [first, last] = [from ?? 0, Math.min(to ?? seconds, seconds)];
  if (last - first > most) {
    const message = `args.to: the stretch lasts ${(last - first).toFixed(2)} s; expected at most ${most.toFixed(2)} s, as long as a clip of voice ${id}`;
    throw new ProtocolError('bad_args', message, { path: 'args.to' });
  }
  const begin = Math.max(0, Math.min(seconds - most, (first + last - most) / 2));
  const sample = Math.round(begin * rate);
  return { pcm: pcm.subarray(sample, sample + Math.ceil(most * rate)), begin: sample / rate };
}

/**
 * The loudness of a sound where its stretch is made anew: it is followed unless another envelope is asked for, so that
 * what is made there leads back to what stays behind it, which the prior does not know. Undefined for a voice that
 * follows none, and for a sound that was reversed.
 */
export async function ownCourse(
  { base, rate, begin, shape }: Stretch,
  { voice, chosen, guidance, guideFollowed, avoid }: VoiceClass,
): Promise<EnvelopeArg | undefined> {
  const { voiceDir } = orderOf({ voice, chosen, guidance, guideFollowed, avoid });
  if (shape.reverse === true || (modelOf(voice, voiceDir).card.prior.contour ?? 0) === 0) return undefined;
  const spec = specOf(voice);
  const begins = Math.max(0, Math.round(-begin * rate));
  const own = await resample(base.subarray(begins), rate, spec.rate);
  if (own.length < spec.nFft) return undefined;
  const levels = Array.from(contourOf(own, spec).subarray(0, limits.entries), (level) => Math.round(level * 10) / 10);
  return { levels, rate: spec.rate / spec.hop, gain: -(shape.gain ?? 0) };
}

/** Undefined where all of a sound may change. Throws bad_args for what does not lie in it. */
export async function stretchOf(
  { from, to, rate: wanted }: Wanted,
  sound: () => Promise<HeardSound>,
  voice: Voice,
): Promise<Stretch | undefined> {
  if (from === undefined && to === undefined) return undefined;
  const { base, rate: own, ...rest } = await sound();
  const seconds = base.length / own;
  const fail = (name: string, message: string): never => {
    throw new ProtocolError('bad_args', `args.${name}: ${message}`, { path: `args.${name}` });
  };
  if (seconds > limits.seconds)
    fail('recording', `it lasts ${seconds.toFixed(1)} s; expected at most ${limits.seconds} s with from and to`);
  const first = from ?? 0;
  const last = Math.min(to ?? seconds, seconds);
  if (first >= seconds) fail('from', `the sound ends at ${seconds.toFixed(3)} s; expected a time before`);
  if ((to ?? 0) > seconds + 0.01) fail('to', `the sound ends at ${seconds.toFixed(3)} s; expected a time in it`);
  const least = gridOf(voice.card).columnSeconds;
  if (last - first < least)
    fail(
      'to',
      `the stretch lasts ${(last - first).toFixed(3)} s; expected at least ${least.toFixed(3)} s, one step of the code grid`,
    );
  // A recording may have a rate that no clip has.
  const rate = wanted ?? (own >= limits.rateMin && own <= limits.rateMax ? own : voice.rate);
  return { ...rest, base: await resample(base, own, rate), rate, from: first, to: last };
}
