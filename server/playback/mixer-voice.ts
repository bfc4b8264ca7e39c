import type { GrowingBuffer } from './growing-buffer.ts';

/** `starved`: the rest of its sound was not made in time. */
export type Ending = 'played' | 'stopped' | 'stolen' | 'choked' | 'starved';

/** One sound to be mixed. Frames count from the beginning of the output. */
export interface VoiceSpec {
  id: number;
  /** Mono, at the output's rate. */
  pcm: Float32Array;
  /** A sound that is still being made, in place of `pcm`. */
  growing?: GrowingBuffer;
  start: number;
  gain: number;
  pan: number;
  loop: boolean;
  /** Frames of the sound: first one, and the one after the last. */
  from: number;
  to: number;
  /** Frames of the output. */
  fadeIn: number;
  fadeOut: number;
  /** Frames of the sound per frame of the output. */
  step: number;
  choke: string | null;
  bus: number;
}

/** One that waits or sounds. */
export interface Voice extends VoiceSpec {
  position: number;
  left: number;
  right: number;
  /** Frame at which it begins to fade out because it must, and how long that takes. */
  releaseAt: number;
  release: number;
  ending: Ending;
  level: number;
  done: boolean;
  /** It has played all there is of a sound that it waits for. */
  paused: boolean;
}

/** What most voices are most of the time: samples times a number. */
export function addPlain(
  voice: Voice,
  left: Float32Array,
  right: Float32Array | undefined,
  begin: number,
  frames: number,
): void {
  const { pcm, position } = voice;
  const offset = position - begin;
  let peak = 0;
  if (right === undefined) {
    const { gain } = voice;
    for (let i = begin; i < frames; i++) {
      const sample = pcm[offset + i]!;
      peak = Math.max(peak, Math.abs(sample));
      left[i]! += sample * gain;
    }
  } else {
    const { left: toLeft, right: toRight } = voice;
    for (let i = begin; i < frames; i++) {
      const sample = pcm[offset + i]!;
      peak = Math.max(peak, Math.abs(sample));
      left[i]! += sample * toLeft;
      right[i]! += sample * toRight;
    }
  }
  voice.position = position + frames - begin;
  voice.level = Math.max(peak * voice.gain, voice.level * 0.7);
}

/** Lets a voice fade out from a frame on. */
export function release(voice: Voice, ending: Ending, at: number, fade: number): void {
  if (voice.releaseAt < Number.POSITIVE_INFINITY) {
    // One that would wait for more when it has faded out ends instead.
    if (voice.ending === 'starved' && voice.growing?.waits === true) voice.ending = ending;
    return;
  }
  voice.releaseAt = Math.max(at, voice.start);
  voice.release = Math.max(1, fade);
  voice.ending = ending;
}

/** The oldest of those within 6 dB of the quietest. */
export function quietest(voices: readonly Voice[]): Voice {
  const lowest = Math.min(...voices.map(({ level }) => level));
  return voices.find(({ level }) => level <= Math.max(lowest * 2, 1e-4)) ?? voices[0]!;
}

/** A sample of a sound that is still being made, also between its frames. */
export function within(growing: GrowingBuffer, position: number): number {
  const i = Math.floor(position);
  if (i === position) return growing.at(i);
  return cubic(growing.at(i - 1), growing.at(i), growing.at(i + 1), growing.at(i + 2), position - i);
}

/** A sample between frames. */
export function between(pcm: Float32Array, position: number): number {
  const i = Math.floor(position);
  return cubic(pcm[i - 1] ?? 0, pcm[i] ?? 0, pcm[i + 1] ?? 0, pcm[i + 2] ?? 0, position - i);
}

/** Between samples: through the four around (Catmull-Rom). */
function cubic(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
