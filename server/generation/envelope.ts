import { type EnvelopeArg, limits } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import { contourOf, LEVEL_MAX, LEVEL_MIN } from '../engine/dsp/loudness.ts';
import type { Voice } from '../voices/voice.ts';
import { atRateOf, soundOfClip, specOf } from './followed.ts';
import { readRecording } from './recording.ts';

/** Level in dB at a time in seconds from the beginning of the clip. */
export type LevelAt = (seconds: number) => number;

/** A cue fades by so many dB in its length. */
const FADE_DB = 60;

/**
 * An envelope that says everything itself: the loudness of a clip or recording is put in its place, so that what follows
 * it can be made again when the sound is gone. Throws unknown_clip, io_error or bad_args.
 */
export async function spelledOut(
  { clip, recording: data, recordingRate, recordingFormat: format, gain, ...rest }: EnvelopeArg,
  voice: Voice,
  clips: Clips,
): Promise<EnvelopeArg> {
  if (clip === undefined && data === undefined) return { ...rest, gain };
  const spec = specOf(voice);
  const { rate, hop } = spec;
  const at = 'args.envelope.recording';
  const sound =
    data === undefined
      ? await soundOfClip(clip!, 'envelope', spec, clips)
      : await atRateOf(spec, readRecording({ data, rate: recordingRate, format }, at), at, 'the recording');
  const levels = contourOf(sound, spec);
  // A tenth of a decibel is not heard, and keeps recipes short.
  const rounded = Array.from(levels.subarray(0, limits.entries), (level) => Math.round(level * 10) / 10);
  return { levels: rounded, rate: rate / hop, gain };
}

/** What an envelope that is spelled out says. */
export function levelsOf({ levels, rate, points, cues, gain }: EnvelopeArg, voice: Voice): LevelAt {
  const { rate: hertz, hop } = specOf(voice);
  const told =
    points !== undefined
      ? corners(points)
      : cues !== undefined
        ? events(cues)
        : steps(levels ?? [LEVEL_MIN], rate ?? hertz / hop);
  return (seconds) => Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, told(seconds) + gain));
}

/** The levels of every mel frame of a piece that begins so many seconds after the clip. */
export function contourFrom(level: LevelAt, voice: Voice, begin: number): Float32Array {
  const { rate, hop, frames } = specOf(voice);
  return Float32Array.from({ length: frames }, (_, frame) => level(begin + ((frame + 0.5) * hop) / rate));
}

/** The levels of every mel frame of a stream that follows it, as far as they differ: the last one holds. */
export function courseOf(envelope: EnvelopeArg, voice: Voice): Float32Array {
  const { rate, hop } = specOf(voice);
  const level = levelsOf(envelope, voice);
  const frames = Math.ceil((secondsOf(envelope, rate / hop) * rate) / hop) + 1;
  return Float32Array.from({ length: frames }, (_, frame) => level(((frame + 0.5) * hop) / rate));
}

/** How long an envelope says anything new; `perSecond` are its levels where it does not say. */
export function secondsOf({ levels = [], rate, points = [], cues = [] }: EnvelopeArg, perSecond: number): number {
  const last = Math.max(
    levels.length / (rate ?? perSecond),
    points.at(-1)?.at ?? 0,
    ...cues.map(({ at, level, length }) => at + (length * (level - LEVEL_MIN)) / FADE_DB),
  );
  return Math.min(last, limits.seconds);
}

/** Straight lines between levels that lie so many to a second, the first in the middle of its frame. */
function steps(levels: ArrayLike<number>, rate: number): LevelAt {
  return (seconds) => {
    const at = Math.min(levels.length - 1, Math.max(0, seconds * rate - 0.5));
    const before = Math.floor(at);
    const next = levels[Math.min(before + 1, levels.length - 1)]!;
    return levels[before]! + (next - levels[before]!) * (at - before);
  };
}

function corners(points: NonNullable<EnvelopeArg['points']>): LevelAt {
  return (seconds) => {
    const next = points.findIndex(({ at }) => at > seconds);
    if (next === 0) return points[0]!.level;
    const { at: from, level } = points.at(next < 0 ? -1 : next - 1)!;
    if (next < 0) return level;
    const { at: to, level: later } = points[next]!;
    return level + ((later - level) * (seconds - from)) / (to - from);
  };
}

function events(cues: NonNullable<EnvelopeArg['cues']>): LevelAt {
  return (seconds) => {
    let loudest = LEVEL_MIN;
    for (const { at, level, length } of cues)
      if (at <= seconds) loudest = Math.max(loudest, level - (FADE_DB * (seconds - at)) / length);
    return loudest;
  };
}
