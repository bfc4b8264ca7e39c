import { StatisticsError } from './fad.ts';
import { readNpz } from './npz.ts';

/** What a voice's training recordings are known again by: the trainer's `voices/fingerprints.py`, which says how good it is. */
export interface Fingerprints {
  /** [clips, rates, 2 x bands], each clip's of length 1. */
  readonly prints: Float32Array;
  readonly rates: number;
  /** Numbers of a print. */
  readonly size: number;
  /** Of each clip, the index of its class on the voice's card. */
  readonly classes: Int32Array;
  /** Of each class: what is more like one of its recordings than this is memorised. */
  readonly limits: Float64Array;
  /** As the voice's credits name the original; several with `;` between. */
  readonly names: readonly string[];
}

/** A training recording, and how like a clip is to it. */
export interface Nearest {
  name: string;
  /** Index of its class on the voice's card. */
  class: number;
  /** -1..1; 1 is the same clip. */
  likeness: number;
  /** The most that a recording of that class is like any other of a different original. */
  limit: number;
}

/** Most rates of a print, and its bands. */
const RATES = 20;
const BANDS = 13;
/** Nats below the loudest cell that count as silence: 60 dB. */
const RANGE = 3 * Math.LN10;
const MAX_CLIPS = 100_000;

/** Throws StatisticsError where the file holds anything else. `classes`: how many the voice has. */
export function readFingerprints(bytes: Uint8Array, classes: number): Fingerprints {
  const arrays = readNpz(bytes);
  const [prints, labels, limits, text] = ['prints', 'classes', 'limits', 'names'].map((name) => arrays.get(name));
  if (prints === undefined || labels === undefined || limits === undefined || text === undefined)
    throw new StatisticsError('expected prints, classes, limits and names');
  const [clips = 0, rates = 0, parts = 0] = prints.shape;
  const size = rates * parts;
  const names = new TextDecoder().decode(Uint8Array.from(text.data)).split('\n');
  if (clips < 1 || clips > MAX_CLIPS || rates < 1 || rates > RATES || parts < 2 || parts % 2 !== 0)
    throw new StatisticsError(`expected prints of up to ${RATES} rates, got [${prints.shape.join(', ')}]`);
  if (labels.data.length !== clips || names.length !== clips)
    throw new StatisticsError('expected a class and a name for each print');
  if (limits.data.length !== classes)
    throw new StatisticsError(
      `expected a limit for each of the voice's ${classes} classes, got ${limits.data.length}; make them anew (foley-train fingerprints)`,
    );
  if (![...labels.data].every((label) => label >= 0 && label < classes && Number.isInteger(label)))
    throw new StatisticsError('a print is of a class that the voice does not have');
  if (![...limits.data, ...prints.data].every(Number.isFinite)) throw new StatisticsError('a number is not finite');
  const own = Float32Array.from(prints.data);
  for (let clip = 0; clip < clips; clip++) normalise(own.subarray(clip * size, (clip + 1) * size));
  return {
    prints: own,
    rates,
    size,
    classes: Int32Array.from(labels.data),
    limits: Float64Array.from(limits.data),
    names,
  };
}

/** The print of a log-mel [bins, frames] in nats: [rates, 2 x bands], of length 1; all 0 of silence. */
export function printOf(mel: Float32Array, bins: number): Float32Array {
  const frames = mel.length / bins;
  const bands = bandsOf(mel, bins);
  const count = bands.length / frames;
  const rates = Math.min(RATES, Math.floor((frames - 1) / 2));
  const print = new Float32Array(rates * 2 * count);
  const angle = (t: number): number => (2 * Math.PI * t) / frames;
  const cos = Float64Array.from({ length: frames }, (_, t) => Math.cos(angle(t)));
  const sin = Float64Array.from({ length: frames }, (_, t) => Math.sin(angle(t)));
  for (let rate = 1; rate <= rates; rate++) {
    for (let band = 0; band < count; band++) {
      let re = 0;
      let im = 0;
      for (let t = 0; t < frames; t++) {
        const value = bands[band * frames + t]!;
        re += value * cos[(rate * t) % frames]!;
        im -= value * sin[(rate * t) % frames]!;
      }
      print[2 * (rate - 1) * count + band] = re;
      print[(2 * rate - 1) * count + band] = im;
    }
  }
  return normalise(print);
}

/** Differences of neighbouring pairs of bins, averaged to bands: [bands, frames]. */
function bandsOf(mel: Float32Array, bins: number): Float64Array {
  const frames = mel.length / bins;
  const pairs = Math.floor(bins / 2);
  const each = Math.max(1, Math.floor((pairs - 1) / BANDS));
  const count = Math.floor((pairs - 1) / each);
  const floor = mel.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY) - RANGE;
  const pair = (index: number, t: number): number =>
    (Math.max(floor, mel[2 * index * frames + t]!) + Math.max(floor, mel[(2 * index + 1) * frames + t]!)) / 2;
  const out = new Float64Array(count * frames);
  // The sum of neighbouring differences is the last pair less the first.
  for (let band = 0; band < count; band++)
    for (let t = 0; t < frames; t++)
      out[band * frames + t] = (pair((band + 1) * each, t) - pair(band * each, t)) / each;
  return out;
}

function normalise(print: Float32Array): Float32Array {
  const length = Math.sqrt(print.reduce((sum, x) => sum + x * x, 0));
  if (length > 0) for (let i = 0; i < print.length; i++) print[i]! /= length;
  return print;
}

/** The `most` recordings nearest to a print, at the best of all rotations, nearest first. */
export function nearest(print: Float32Array, known: Fingerprints, most = 1): Nearest[] {
  if (print.length !== known.size)
    throw new StatisticsError(`a print of ${print.length} numbers, expected ${known.size}`);
  const turns = turnsOf(known.rates);
  const found = known.names.map((name, clip): Nearest => {
    const label = known.classes[clip]!;
    const other = known.prints.subarray(clip * known.size, (clip + 1) * known.size);
    return { name, class: label, likeness: likeness(print, other, turns), limit: known.limits[label]! };
  });
  return found.sort((a, b) => b.likeness - a.likeness).slice(0, most);
}

/** Phases of each rotation [turns, rates]. Twice as many rotations as the highest rate needs. */
interface Turns {
  rates: number;
  cos: Float64Array;
  sin: Float64Array;
}

function turnsOf(rates: number): Turns {
  const turns = 4 * rates;
  const angle = (i: number): number => (2 * Math.PI * Math.floor(i / rates) * ((i % rates) + 1)) / turns;
  return {
    rates,
    cos: Float64Array.from({ length: turns * rates }, (_, i) => Math.cos(angle(i))),
    sin: Float64Array.from({ length: turns * rates }, (_, i) => Math.sin(angle(i))),
  };
}

/** Highest correlation over all rotations of one of the two: the sum over rates of a conj(b), turned. */
function likeness(a: Float32Array, b: Float32Array, { rates, cos, sin }: Turns): number {
  const bands = a.length / (2 * rates);
  const across = new Float64Array(2 * rates);
  for (let rate = 0; rate < rates; rate++) {
    const re = 2 * rate * bands;
    const im = re + bands;
    for (let band = 0; band < bands; band++) {
      across[2 * rate]! += a[re + band]! * b[re + band]! + a[im + band]! * b[im + band]!;
      across[2 * rate + 1]! += a[im + band]! * b[re + band]! - a[re + band]! * b[im + band]!;
    }
  }
  let best = -1;
  for (let turn = 0; turn < 4 * rates; turn++) {
    let sum = 0;
    for (let rate = 0; rate < rates; rate++) {
      const at = turn * rates + rate;
      sum += across[2 * rate]! * cos[at]! - across[2 * rate + 1]! * sin[at]!;
    }
    if (sum > best) best = sum;
  }
  return best;
}
