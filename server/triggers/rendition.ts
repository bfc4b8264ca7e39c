/** How a clip is played for a hit: how loud, how fast, how much of it. */
import type { TriggerMap } from '../../protocol/index.ts';

/** How far a clip that comes again is changed: in speed, which is pitch, in loudness (dB), and how much of its end is cut. */
const AGAIN = { speed: 0.06, gain: 3, cut: 0.15, fade: 0.03 };

export interface Rendition {
  speed: number;
  /** Linear, of the map alone. */
  gain: number;
  /** Seconds; null is the whole clip. */
  length: number | null;
  /** Seconds. */
  fadeOut: number;
}

/** As the map says. */
export function asItIs(map: TriggerMap): Rendition {
  return { speed: 1, gain: 10 ** (map.gain / 20), length: map.length ?? null, fadeOut: map.fadeOut };
}

/**
 * Varies a replayed clip slightly, so that it does not sound like a loop.
 * @param seconds of the clip
 * @param random 0..1, as Math.random
 */
export function changed(map: TriggerMap, seconds: number, random: () => number): Rendition {
  const plain = asItIs(map);
  const speed = 1 + (random() * 2 - 1) * AGAIN.speed;
  const gain = plain.gain * 10 ** ((-random() * AGAIN.gain) / 20);
  // A loop's length is its rhythm.
  if (map.mode === 'loop') return { ...plain, speed, gain };
  const whole = Math.min(plain.length ?? seconds, seconds);
  const length = whole * (1 - random() * AGAIN.cut);
  return { speed, gain, length, fadeOut: Math.max(plain.fadeOut, AGAIN.fade) };
}

/** Amplitude of a hit: its velocity squared, as samplers do, as far as the map minds it. */
export function amplitudeOf(sensitivity: number, velocity: number): number {
  return 1 - sensitivity + sensitivity * velocity ** 2;
}

/** Temperature of the clips that hits so hard play. */
export function temperatureOf({ temperature, softTemperature = temperature }: TriggerMap, velocity: number): number {
  return softTemperature + (temperature - softTemperature) * velocity;
}
