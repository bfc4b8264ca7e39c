import type { VoiceSpec } from './mixer-voice.ts';
import type { PlayOptions } from './playback.ts';

/** Validates playback options: values that are not numbers are ignored, the rest is clamped to its range. */
export function readOptions(
  options: PlayOptions,
  { frames, rate, buses }: { frames: number; rate: number; buses: number },
): Omit<VoiceSpec, 'pcm' | 'id' | 'start'> {
  const { loop = false, choke = null, length = null } = options;
  const from = Math.min(frames, Math.round(within(options.offset, 0, 0, 3600) * rate));
  const lasts = length === null ? Number.POSITIVE_INFINITY : Math.round(within(length, 3600, 0, 3600) * rate);
  const to = Math.min(frames, from + lasts);
  return {
    gain: within(options.gain, 1, 0, 16),
    pan: within(options.pan, 0, -1, 1),
    // A loop of nothing would never end and never be heard.
    loop: loop === true && to > from,
    from,
    to,
    fadeIn: Math.round(within(options.fadeIn, 0, 0, 60) * rate),
    fadeOut: Math.round(within(options.fadeOut, 0, 0, 60) * rate),
    step: within(options.speed, 1, 1 / 16, 16),
    choke: typeof choke === 'string' ? choke : null,
    bus: Math.floor(within(options.bus, 0, 0, buses - 1)),
  };
}

export function within(value: unknown, otherwise: number, least: number, most: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.max(least, Math.min(most, value));
}
