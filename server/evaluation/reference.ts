import { SOUNDING_DB } from '../engine/dsp/sounding.ts';
import { type ClipEmbeddings, type Gaussian, gaussian, type MaskedClip, StatisticsError, soundingOf } from './fad.ts';
import { type NpyArray, readNpz } from './npz.ts';

/** Where clips of one class should lie. */
export interface Reference {
  readonly gaussian: Gaussian;
  /** null where the file holds mean and covariance alone: then there is no KAD. */
  readonly clips: readonly ClipEmbeddings[] | null;
  /** Only sounding patches were counted; then only those of what is measured count, too. */
  readonly sounding: boolean;
}

/** Longest embedding: none in use has more. */
const MAX_DIMS = 4096;

/**
 * A reference by class name, from a .npz of the trainer's: `<Class>.mu`, `.sigma` and `.count`, or `<Class>.embeddings`
 * and `.patches` (the trainer's `evaluation/fad.py`). A scalar `sounding_db` says that only sounding patches were counted.
 * Throws StatisticsError, naming the class that is wrong.
 */
export function readReference(bytes: Uint8Array): Map<string, Reference> {
  const arrays = readNpz(bytes);
  const range = arrays.get('sounding_db');
  if (range !== undefined && (range.data.length !== 1 || range.data[0] !== SOUNDING_DB)) {
    throw new StatisticsError(
      `it counts patches within ${range.data[0]} dB of the clip's peak; expected ${SOUNDING_DB} dB, or no sounding_db for all patches`,
    );
  }
  const sounding = range !== undefined;
  const found = new Map<string, Reference>();
  for (const key of arrays.keys()) {
    const dot = key.lastIndexOf('.');
    const label = key.slice(0, dot);
    const kind = key.slice(dot + 1);
    if (kind === 'embeddings') found.set(label, { ...fromEmbeddings(label, arrays), sounding });
    if (kind === 'mu') found.set(label, { ...fromStatistics(label, arrays), sounding });
  }
  if (found.size === 0) throw new StatisticsError('it has no <Class>.mu and no <Class>.embeddings');
  return found;
}

/** Sounding patches of the clips. Throws StatisticsError below two of them. */
export function fromClips(clips: readonly MaskedClip[], d: number): Reference {
  const counted = soundingOf(clips);
  return { gaussian: gaussian(counted, d), clips: counted, sounding: true };
}

function fromEmbeddings(label: string, arrays: ReadonlyMap<string, NpyArray>): Omit<Reference, 'sounding'> {
  const { shape, data } = of(label, 'embeddings', arrays);
  const patches = of(label, 'patches', arrays);
  const [n = 0, d = 0] = shape;
  const each = [...patches.data];
  const whole = each.every((count) => Number.isInteger(count) && count > 0);
  if (shape.length !== 2 || !fits(d) || !whole || each.reduce((sum, count) => sum + count, 0) !== n) {
    throw new StatisticsError(`${label} does not say which class its embeddings [${shape}] belong to`);
  }
  if (!finite(data)) throw new StatisticsError(`${label} is not finite`);
  let at = 0;
  const clips = each.map((count) => {
    at += count;
    return { patches: count, values: data.subarray((at - count) * d, at * d) };
  });
  return { gaussian: gaussian(clips, d), clips };
}

function fromStatistics(label: string, arrays: ReadonlyMap<string, NpyArray>): Omit<Reference, 'sounding'> {
  const [mu, sigma, count] = ['mu', 'sigma', 'count'].map((key) => of(label, key, arrays)) as [
    NpyArray,
    NpyArray,
    NpyArray,
  ];
  const d = mu.data.length;
  const square = sigma.shape.length === 2 && sigma.shape[0] === d && sigma.shape[1] === d;
  const n = count.data[0] ?? 0;
  if (mu.shape.length !== 1 || !fits(d) || !square || count.data.length !== 1 || n < 2) {
    throw new StatisticsError(`${label} has a mean [${mu.shape}], a covariance [${sigma.shape}] and a count ${n}`);
  }
  const values = Float64Array.from(sigma.data);
  if (!finite(mu.data) || !finite(values) || !symmetric(values, d)) {
    throw new StatisticsError(`${label} is not finite, or its covariance not symmetric`);
  }
  return { gaussian: { mu: Float64Array.from(mu.data), sigma: values, count: n }, clips: null };
}

function of(label: string, key: string, arrays: ReadonlyMap<string, NpyArray>): NpyArray {
  const found = arrays.get(`${label}.${key}`);
  if (found === undefined) throw new StatisticsError(`there is no ${label}.${key}`);
  return found;
}

function fits(d: number): boolean {
  return d >= 1 && d <= MAX_DIMS;
}

function finite(values: Float32Array | Float64Array): boolean {
  for (const x of values) if (!Number.isFinite(x)) return false;
  return true;
}

function symmetric(sigma: Float64Array, d: number): boolean {
  let most = 0;
  let off = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      most = Math.max(most, Math.abs(sigma[i * d + j]!));
      off = Math.max(off, Math.abs(sigma[i * d + j]! - sigma[j * d + i]!));
    }
  }
  return off <= 1e-6 * most;
}
