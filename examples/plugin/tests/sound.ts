/** First sample that is not silence; -1 where all is. */
export function onset(sound: Float32Array): number {
  return sound.findIndex((value) => value !== 0);
}

export function energy(sound: Float32Array): number {
  return sound.reduce((sum, value) => sum + value * value, 0);
}

export function isSilent(sound: Float32Array): boolean {
  return onset(sound) < 0;
}

/** By how many samples `sound` is later than `reference`, as far as `most`, and what is left of it without it, in dB. */
export function compare(sound: Float32Array, reference: Float32Array, most: number): { lag: number; residual: number } {
  let lag = 0;
  let best = Number.NEGATIVE_INFINITY;
  for (let shift = -most; shift <= most; shift++) {
    let sum = 0;
    for (let i = Math.max(0, -shift); i < reference.length && i + shift < sound.length; i++)
      sum += reference[i]! * sound[i + shift]!;
    if (sum > best) [best, lag] = [sum, shift];
  }
  const error = reference.map((value, i) => value - (sound[i] ?? 0));
  return { lag, residual: 10 * Math.log10(energy(error) / energy(reference)) };
}

/** Whether `sound` holds exactly `part` from `at` on. */
export function holds(sound: Float32Array, part: Float32Array, at: number): boolean {
  return part.every((value, i) => sound[at + i] === value);
}
