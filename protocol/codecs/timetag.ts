/** OSC timetags: seconds since 1900 and a fraction in 1/2^32 s, both uint32. */
export type Timetag = readonly [seconds: number, fraction: number];

const unixEpoch = 2_208_988_800;
const wrap = 2 ** 32;
const dayMs = 86_400_000;

/** The tag that means "now". */
export const immediately: Timetag = [0, 1];

export function isImmediate([seconds, fraction]: Timetag): boolean {
  return seconds === 0 && fraction <= 1;
}

/**
 * Milliseconds since 1970, as exact as a double holds them (0.0003 ms). The seconds wrap every 136 years, next in
 * 2036: of the times a tag may mean, it is the last one less than a day ahead of `now`. So a sender without a clock,
 * whose tags are small numbers, is in the past and not in the far future.
 */
export function timetagToMs([seconds, fraction]: Timetag, now: number): number {
  const era = Math.floor((now / 1000 + unixEpoch) / wrap);
  const inEra = (n: number) => (seconds + n * wrap - unixEpoch) * 1000 + (fraction * 1000) / wrap;
  return [era + 1, era].map(inEra).find((time) => time - now < dayMs) ?? inEra(era - 1);
}

/** The tag nearest to a time in milliseconds since 1970. */
export function msToTimetag(epochMs: number): Timetag {
  const whole = Math.floor(epochMs / 1000);
  const fraction = Math.round(((epochMs - whole * 1000) / 1000) * wrap);
  const carry = fraction === wrap ? 1 : 0;
  return [(whole + unixEpoch + carry) % wrap, carry === 1 ? 0 : fraction];
}
