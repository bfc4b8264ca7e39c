/** How audio is cut into the frames of a mel spectrogram: both ends are mirrored, so that frame t lies at t + 1/2 hops. */

/** Frames of so many samples: 1 + (samples - hop) / hop, rounded down. */
export function frameCount(samples: number, nFft: number, hop: number): number {
  return Math.floor((samples + (nFft - hop) - nFft) / hop) + 1;
}

/** Mirrored at both ends without repeating them. */
export function reflect(at: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = ((at % period) + period) % period;
  return inside < length ? inside : period - inside;
}
