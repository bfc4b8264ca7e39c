/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC11).
 * A number depends on key and counter alone, never on how many were drawn before it. Our own, since every clip ever made
 * depends on its bits; trainer and engine are tested to draw the same numbers.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the 64-bit product of two uint32. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One block: `counter` (4 uint32) is overwritten by the 4 random uint32 of (counter, key0, key1). */
export function philox(counter: Uint32Array, key0: number, key1: number): void {
  let [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  let k0 = key0 >>> 0;
  let k1 = key1 >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
}

// Which use of a seed a number is for: other uses take another key and never meet these numbers.
const CELLS = 0x43454c4c;
const NOISE = 0x4e4f4953;
const SHARE = 0x53484152;
const FOLLOWED = 0x434f4e54;
const GRAINS = 0x47524149;
const DENSITY = 0x44454e53;

/** Samples from grain to grain: 0.18 ms at 22 050 Hz. */
const GRAIN = 4;

const block = new Uint32Array(4);

/** The number in [0, 1) that decides the code of a cell: 53 bits, a function of seed and raster index alone. */
export function cellUniform(seed: number, cell: number): number {
  return uniform(seed, cell, CELLS);
}

/** Another one, that decides whether a variation draws the cell anew. */
export function shareUniform(seed: number, cell: number): number {
  return uniform(seed, cell, SHARE);
}

/** Numbers that the loudness contour and the average spectrum of a clip are drawn by. */
export function followedUniform(seed: number, index: number): number {
  return uniform(seed, index, FOLLOWED);
}

/** Numbers that the contours of a sound with a density are drawn by. */
export function densityUniform(seed: number, index: number): number {
  return uniform(seed, index, DENSITY);
}

/** The four numbers of a seed's count-th block, in `block`. */
function draw(seed: number, count: number, use: number): void {
  block[0] = count;
  block[1] = Math.floor(count / 2 ** 32);
  block[2] = 0;
  block[3] = 0;
  philox(block, seed, use);
}

function uniform(seed: number, cell: number, use: number): number {
  draw(seed, cell, use);
  return ((block[0]! >>> 5) * 0x4000000 + (block[1]! >>> 6)) / 2 ** 53;
}

/**
 * White noise of variance 1 [length], for a vocoder that wants some: four numbers a block, by Box and Muller (1958).
 * `from`: the sample it begins with, a multiple of four.
 */
export function whiteNoise(seed: number, length: number, from = 0): Float32Array {
  const out = new Float32Array(length);
  for (let at = 0; at < length; at += 4) {
    draw(seed, (from + at) / 4, NOISE);
    for (let pair = 0; pair < 2; pair++) {
      // Never 0, whose logarithm is none.
      const radius = Math.sqrt(-2 * Math.log((block[2 * pair]! + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * block[2 * pair + 1]!) / 2 ** 32;
      out[at + 2 * pair] = radius * Math.cos(angle);
      out[at + 2 * pair + 1] = radius * Math.sin(angle);
    }
  }
  return out;
}

/**
 * Gains of mean square 1 [length] that make noise grainy, as rain is: the power at every fourth sample is drawn from an
 * exponential distribution and goes in straight lines between them. `grain`: 0 leaves the noise even, 1 gives it a
 * kurtosis of 5. `from`: the sample it begins with, a multiple of four.
 */
export function grains(seed: number, length: number, grain: number, from = 0): Float32Array {
  const out = new Float32Array(length);
  const nodes = exponentials(seed, Math.ceil(length / GRAIN) + 1, from / GRAIN);
  for (let at = 0; at < length; at++) {
    const [here, next] = [nodes[Math.floor(at / GRAIN)]!, nodes[Math.floor(at / GRAIN) + 1]!];
    const power = here + ((next - here) * (at % GRAIN)) / GRAIN;
    out[at] = Math.sqrt(1 + grain * (power - 1));
  }
  return out;
}

/** Numbers from..from + count of an exponential distribution of mean 1, four of them a block. */
function exponentials(seed: number, count: number, from: number): Float64Array {
  const out = new Float64Array(count);
  for (let at = 0; at < count; ) {
    draw(seed, Math.floor((from + at) / 4), GRAINS);
    for (let word = (from + at) % 4; word < 4 && at < count; word++)
      out[at++] = -Math.log((block[word]! + 0.5) / 2 ** 32);
  }
  return out;
}
