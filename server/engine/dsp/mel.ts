/**
 * The log-mel spectrogram that voices are trained on, from audio: HiFi-GAN's definition (Kong et al., 2020), with
 * Slaney's mel scale and area normalisation (Auditory Toolbox, 1998). Sums are in float64; filters and window are
 * rounded to float32 as the trainer's are, so the two differ by float32 rounding alone.
 */
import { fft } from './fft.ts';
import { frameCount, reflect } from './frames.ts';

export interface MelSpec {
  /** Hz. */
  rate: number;
  /** A power of two; the window is as long. */
  nFft: number;
  hop: number;
  bins: number;
  /** Hz. */
  fMin: number;
  fMax: number;
  /** Magnitudes below it count as it. */
  floor: number;
}

/** Audio [samples] in -1..1 -> log-mel [bins, frames], row after row. Frames: 1 + (samples - hop) / hop, rounded down. */
export function logMel(pcm: Float32Array, spec: MelSpec): { bands: Float32Array; frames: number } {
  return new LogMel(spec).of(pcm);
}

/** The same for one sound after another: tables and frames are allocated once. */
export class LogMel {
  readonly #spec: MelSpec;
  readonly #window: Float32Array;
  readonly #basis: ReturnType<typeof melBasis>;
  readonly #frame: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #magnitude: Float64Array;

  constructor(spec: MelSpec) {
    const { nFft } = spec;
    this.#spec = spec;
    this.#window = hann(nFft);
    this.#basis = melBasis(spec);
    [this.#frame, this.#re, this.#im] = [new Float64Array(nFft), new Float64Array(nFft), new Float64Array(nFft)];
    this.#magnitude = new Float64Array(nFft / 2 + 1);
  }

  /** As `logMel`, without the first `skipped` frames. */
  of(pcm: Float32Array, skipped = 0): { bands: Float32Array; frames: number } {
    const { nFft, hop, bins, floor } = this.#spec;
    const pad = (nFft - hop) / 2;
    const frames = Math.max(0, frameCount(pcm.length, nFft, hop) - skipped);
    const [window, basis, frame, magnitude] = [this.#window, this.#basis, this.#frame, this.#magnitude];
    const bands = new Float32Array(bins * frames);
    for (let at = 0; at < frames; at++) {
      const begin = (at + skipped) * hop - pad;
      for (let i = 0; i < nFft; i++) frame[i] = pcm[reflect(begin + i, pcm.length)]! * window[i]!;
      fft(frame, this.#re, this.#im);
      for (let k = 0; k < magnitude.length; k++) magnitude[k] = Math.sqrt(this.#re[k]! ** 2 + this.#im[k]! ** 2 + 1e-9);
      for (let bin = 0; bin < bins; bin++) {
        const { from, weights } = basis[bin]!;
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * magnitude[from + k]!;
        bands[bin * frames + at] = Math.log(Math.max(sum, floor));
      }
    }
    return { bands, frames };
  }
}

/** Periodic, every step rounded to float32 as torch.hann_window does: a loud tone leaks into quiet bands by such roundings. */
function hann(length: number): Float32Array {
  const { fround } = Math;
  const step = fround((2 * Math.PI) / length);
  return Float32Array.from({ length }, (_, i) => fround(0.5 - 0.5 * fround(Math.cos(fround(i * step)))));
}

/** Frequency in Hz at which each mel bin counts most [bins]. */
export function binCentres(spec: Pick<MelSpec, 'bins' | 'fMin' | 'fMax'>): number[] {
  return edgesOf(spec).slice(1, -1);
}

/** Ends and centres of the triangles in Hz, [bins + 2]. */
function edgesOf({ bins, fMin, fMax }: Pick<MelSpec, 'bins' | 'fMin' | 'fMax'>): number[] {
  const [low, high] = [toMel(fMin), toMel(fMax)];
  return Array.from({ length: bins + 2 }, (_, i) => toHz(low + ((high - low) * i) / (bins + 1)));
}

/** Triangles over the bins of the spectrum, each from its first weight that is not zero. */
function melBasis({ rate, nFft, bins, fMin, fMax }: MelSpec): { from: number; weights: Float32Array }[] {
  const edges = edgesOf({ bins, fMin, fMax });
  const count = nFft / 2 + 1;
  return Array.from({ length: bins }, (_, bin) => {
    const [left = 0, centre = 0, right = 0] = edges.slice(bin, bin + 3);
    const weights = Float32Array.from({ length: count }, (_, k) => {
      const hz = (k * rate) / nFft;
      const triangle = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre));
      return (Math.max(0, triangle) * 2) / (right - left);
    });
    const from = weights.findIndex((weight) => weight > 0);
    if (from < 0) return { from: 0, weights: new Float32Array(0) };
    let to = count;
    while (weights[to - 1] === 0) to--;
    return { from, weights: weights.slice(from, to) };
  });
}

const LOG_STEP = Math.log(6.4) / 27;

function toMel(hz: number): number {
  return hz >= 1000 ? 15 + Math.log(hz / 1000) / LOG_STEP : (hz * 3) / 200;
}

function toHz(mel: number): number {
  return mel >= 15 ? 1000 * Math.exp(LOG_STEP * (mel - 15)) : (mel * 200) / 3;
}
