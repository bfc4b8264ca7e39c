import { resample } from '../audio/resample.ts';
import type { GridAxes } from './axes.ts';
import type { Card } from './card.ts';
import { type Feeds, floats, Graph, integers, type Place, read } from './ort.ts';
import { whiteNoise } from './philox.ts';

export interface RenderOrder {
  /** Rows x columns in raster order. */
  codes: Uint16Array;
  /** Of vocoders that are excited by noise: one seed, one noise, in previews as in the clip. */
  seed: number;
  /** By the first so many codebooks alone. */
  codebooks?: number;
  /** Hz of what comes back. */
  rate: number;
}

export interface Rendered {
  /** Mono, -1..1, as long as the card says. */
  pcm: Float32Array;
  decodeMs: number;
  vocodeMs: number;
}

/** The way from codes to audio. */
export interface Renders {
  render(order: RenderOrder): Promise<Rendered>;
  close(): Promise<void>;
}

/** What a renderer is opened with; all of it can be told to another thread. */
export interface RendererOf {
  voiceDir: string;
  card: Card;
  place: Place;
}

/** A voice's decoder and vocoder. */
export class Renderer implements Renders {
  readonly #card: Card;
  readonly #axes: GridAxes;
  readonly #decoder: Graph;
  readonly #vocoder: Graph;
  /** Of the clip that is being made: its previews come again and again. */
  #lastNoise: { seed: number; noise: Float32Array } | null = null;

  private constructor(card: Card, axes: GridAxes, decoder: Graph, vocoder: Graph) {
    this.#card = card;
    this.#axes = axes;
    this.#decoder = decoder;
    this.#vocoder = vocoder;
  }

  /** Throws voice_missing or voice_corrupt. */
  static async open({ voiceDir, card, place }: RendererOf, axes: GridAxes): Promise<Renderer> {
    const decoder = await Graph.open(voiceDir, card, 'decoder', place);
    try {
      return new Renderer(card, axes, decoder, await Graph.open(voiceDir, card, 'vocoder', place));
    } catch (error) {
      await decoder.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#decoder.release();
    await this.#vocoder.release();
  }

  async render({ codes, seed, codebooks, rate }: RenderOrder): Promise<Rendered> {
    const { latent, mel, audio } = this.#card;
    const begun = performance.now();
    const dims = [1, latent.codebooks, latent.frequency, latent.time];
    const decoded = await this.#decoder.run({ codes: integers(this.#axes.toLatent(codes, codebooks), dims) });
    const bands = lastFrameTwice(read(decoded, 'mel'), mel.bins);
    const between = performance.now();
    const frames = bands.length / mel.bins;
    const feeds: Feeds = { mel: floats(bands, [1, mel.bins, frames]) };
    if (this.#vocoder.wants('noise')) feeds.noise = floats(this.#noise(seed, frames * mel.hop), [1, frames * mel.hop]);
    const spoken = await this.#vocoder.run(feeds);
    const wave = read(spoken, 'audio');
    if (wave.length < audio.samples) throw new Error(`the vocoder made ${wave.length} of ${audio.samples} samples`);
    // A tanh of float32 may end a rounding beyond 1.
    const pcm = wave.slice(0, audio.samples).map((value) => Math.max(-1, Math.min(1, value)));
    const vocodeMs = performance.now() - between;
    return { pcm: await resample(pcm, audio.rate, rate), decodeMs: between - begun, vocodeMs };
  }

  #noise(seed: number, length: number): Float32Array {
    const last = this.#lastNoise;
    if (last?.seed === seed && last.noise.length === length) return last.noise;
    const noise = whiteNoise(seed, length);
    this.#lastNoise = { seed, noise };
    return noise;
  }
}

/** Mel [bins, frames] -> [bins, frames + 1]: 344 frames are 136 samples short of a clip's four seconds. */
function lastFrameTwice(mel: Float32Array, bins: number): Float32Array {
  const frames = mel.length / bins;
  const out = new Float32Array(bins * (frames + 1));
  for (let bin = 0; bin < bins; bin++) {
    out.set(mel.subarray(bin * frames, (bin + 1) * frames), bin * (frames + 1));
    out[(bin + 1) * (frames + 1) - 1] = mel[(bin + 1) * frames - 1]!;
  }
  return out;
}
