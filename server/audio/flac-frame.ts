import { BitWriter, crc8, crc16 } from './flac-bits.ts';
import { fixedPredictor, linearPredictor, PRECISION, type Predictor } from './flac-predict.ts';
import { chooseRice, type RiceCode, writeRice } from './flac-rice.ts';
import type { WavLayout } from './wav.ts';

/** One channel of a block, ready to write. */
interface Subframe {
  samples: Int32Array;
  /** Of each sample; one more for the difference of two channels. */
  width: number;
  how: 'constant' | 'verbatim' | { predictor: Predictor; rice: RiceCode };
  bits: number;
}

/** Samples of every block but the last. */
export const BLOCK = 4096;
const RATE_CODES: Readonly<Record<number, number>> = {
  88200: 1,
  176400: 2,
  192000: 3,
  8000: 4,
  16000: 5,
  22050: 6,
  24000: 7,
  32000: 8,
  44100: 9,
  48000: 10,
  96000: 11,
};
/** As the header counts them. */
const [LEFT_SIDE, SIDE_RIGHT, MID_SIDE] = [8, 9, 10] as const;

/**
 * One frame (RFC 9639, 9).
 * @param channels one or two of at most BLOCK samples each
 */
export function encodeFrame(channels: readonly Int32Array[], { rate, bits }: WavLayout, number: number): Uint8Array {
  const width = bits;
  const length = channels[0]!.length;
  const { assignment, subframes } = arranged(channels, width);
  const to = new BitWriter();
  to.write(0xfff8, 16);
  to.write(length === BLOCK ? 12 : 7, 4);
  const rateCode = RATE_CODES[rate] ?? (rate < 65_536 ? 13 : rate % 10 === 0 && rate < 655_360 ? 14 : 0);
  to.write(rateCode, 4);
  to.write(assignment, 4);
  to.write(width === 16 ? 4 : 6, 3);
  to.write(0, 1);
  writeNumber(to, number);
  if (length !== BLOCK) to.write(length - 1, 16);
  if (rateCode === 13) to.write(rate, 16);
  if (rateCode === 14) to.write(rate / 10, 16);
  to.write(crc8(to.bytes()), 8);
  for (const subframe of subframes) writeSubframe(to, subframe);
  to.align();
  to.write(crc16(to.bytes()), 16);
  return to.bytes();
}

/** Two channels as they are, or one of them, or their middle, beside their difference: what takes the fewest bits. */
function arranged(
  channels: readonly Int32Array[],
  width: number,
): { assignment: number; subframes: readonly Subframe[] } {
  const own = channels.map((samples) => subframeOf(samples, width));
  const [left, right] = own;
  if (left === undefined || right === undefined) return { assignment: 0, subframes: own };
  const side = subframeOf(
    left.samples.map((value, i) => value - right.samples[i]!),
    width + 1,
  );
  const mid = subframeOf(
    left.samples.map((value, i) => (value + right.samples[i]!) >> 1),
    width,
  );
  const ways = [
    { assignment: 1, subframes: own },
    { assignment: LEFT_SIDE, subframes: [left, side] },
    { assignment: SIDE_RIGHT, subframes: [side, right] },
    { assignment: MID_SIDE, subframes: [mid, side] },
  ];
  const bits = ({ subframes }: { subframes: readonly Subframe[] }): number =>
    subframes.reduce((sum, one) => sum + one.bits, 0);
  return ways.reduce((best, way) => (bits(way) < bits(best) ? way : best));
}

function subframeOf(samples: Int32Array, width: number): Subframe {
  if (samples.every((value) => value === samples[0])) return { samples, width, how: 'constant', bits: 8 + width };
  const verbatim: Subframe = { samples, width, how: 'verbatim', bits: 8 + width * samples.length };
  const ways = [fixedPredictor(samples), linearPredictor(samples)].flatMap((predictor): Subframe[] => {
    if (predictor === null) return [];
    const { order, coefficients, residual } = predictor;
    const rice = chooseRice(residual, order);
    const stated = coefficients === null ? 0 : 9 + order * PRECISION;
    return [{ samples, width, how: { predictor, rice }, bits: 8 + width * order + stated + rice.bits }];
  });
  return ways.reduce((best, way) => (way.bits < best.bits ? way : best), verbatim);
}

function writeSubframe(to: BitWriter, { samples, width, how }: Subframe): void {
  const head = (type: number): void => to.write(type << 1, 8);
  if (how === 'constant') {
    head(0);
    to.write(samples[0]!, width);
    return;
  }
  if (how === 'verbatim') {
    head(1);
    for (const value of samples) to.write(value, width);
    return;
  }
  const { predictor, rice } = how;
  const { order, coefficients, shift, residual } = predictor;
  head(coefficients === null ? 8 + order : 32 + order - 1);
  for (let i = 0; i < order; i++) to.write(samples[i]!, width);
  if (coefficients !== null) {
    to.write(PRECISION - 1, 4);
    to.write(shift, 5);
    for (const value of coefficients) to.write(value, PRECISION);
  }
  writeRice(to, residual, order, rice);
}

/** A frame's number, in UTF-8's way. */
function writeNumber(to: BitWriter, number: number): void {
  if (number < 0x80) {
    to.write(number, 8);
    return;
  }
  let more = 1;
  while (number >= 2 ** (5 * more + 6)) more++;
  to.write(((0xff << (7 - more - 1)) & 0xff) | (number >>> (6 * more)), 8);
  for (let left = more - 1; left >= 0; left--) to.write(0x80 | ((number >>> (6 * left)) & 0x3f), 8);
}
