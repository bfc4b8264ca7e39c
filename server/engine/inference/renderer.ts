import { resample } from '../../audio/resample.ts';
import { whiteNoise } from '../dsp/philox.ts';
import { type Execution, type Feeds, floats, Graph, integers, read } from '../onnx/runtime.ts';
import type { Card } from './card.ts';
import type { GridAxes } from './code-grid.ts';

export interface RenderOrder {
  /** Rows x columns in raster order. */
  codes: Uint16Array;
  /** Of vocoders that are excited by noise: one seed, one noise, in previews as in the clip. */
  seed: number;
  /** By the first so many codebooks alone. */
  codebooks?: number;
  /** Only the beginning, so many places of the latent in time. */
  times?: number;
  /** Hz of what comes back. */
  rate: number;
}

export interface Rendered {
  /** Mono, -1..1, as long as the card says, or as the places in time that were asked for. */
  pcm: Float32Array;
  decodeMs: number;
  vocodeMs: number;
}

/** Audio as it becomes ready, gapless and in order, the first part long before the last. */
export type OnAudioChunk = (offset: number, pcm: Float32Array) => void;

/** The way from codes to audio. */
export interface ClipRenderer {
  render(order: RenderOrder, onAudioChunk?: OnAudioChunk): Promise<Rendered>;
  close(): Promise<void>;
}

/** What a renderer is opened with; all of it can be told to another thread. */
export interface RendererOptions {
  voiceDir: string;
  card: Card;
  place: Execution;
}

/**
 * Frames of the first chunks of a clip; the rest is one more. The first is soon made, and each lasts longer than the
 * next takes to make, with vocoders that need a quarter of real time as well. Always the same: rounding depends on it.
 */
const CHUNK_FRAMES = [24, 96];
/**
 * Frames that an early stretch may have, with what it reaches to both sides. Of 128 to 144, two threads take
 * 72 each at most, and the runtime's products then break their sums elsewhere: other bits than of one thread (measured).
 */
const MOST_FRAMES = 126;

/** A voice's decoder and vocoder. */
export class Renderer implements ClipRenderer {
  readonly #card: Card;
  readonly #axes: GridAxes;
  readonly #chunks: number[];
  readonly #graphs: { decoder: Graph; vocoder: Graph; excitation: Graph | null };
  /** Of the clip that is being made: its previews come again and again. */
  #lastNoise: { seed: number; noise: Float32Array } | null = null;

  private constructor(card: Card, axes: GridAxes, chunks: number[], [decoder, vocoder, excitation]: Graph[]) {
    this.#card = card;
    this.#axes = axes;
    this.#chunks = chunks;
    this.#graphs = { decoder: decoder!, vocoder: vocoder!, excitation: excitation ?? null };
  }

  /** Throws voice_missing or voice_corrupt. Tests try other chunks. */
  static async open(
    { voiceDir, card, place }: RendererOptions,
    axes: GridAxes,
    chunks = CHUNK_FRAMES,
  ): Promise<Renderer> {
    const graphs: Graph[] = [];
    try {
      graphs.push(await Graph.open(voiceDir, card, 'decoder', place));
      graphs.push(await Graph.open(voiceDir, card, 'vocoder', place));
      if (card.graphs.excitation !== undefined) graphs.push(await Graph.open(voiceDir, card, 'excitation', place));
      return new Renderer(card, axes, chunks, graphs);
    } catch (error) {
      for (const graph of graphs) await graph.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const graph of Object.values(this.#graphs)) await graph?.release();
  }

  async render({ codes, seed, codebooks, times, rate }: RenderOrder, onAudioChunk?: OnAudioChunk): Promise<Rendered> {
    const { latent, mel, audio } = this.#card;
    const begun = performance.now();
    const dims = [1, latent.codebooks, latent.frequency, latent.time];
    const decoded = await this.#graphs.decoder.run({
      codes: integers(this.#axes.toLatent(codes, codebooks, times), dims),
    });
    const bands = lastFrameTwice(read(decoded, 'mel'), mel.bins);
    const between = performance.now();
    const shaped = await this.#shape(bands, seed);
    const frames = times === undefined ? bands.length / mel.bins : times * Math.ceil(mel.frames / latent.time);
    const pcm = new Float32Array(Math.min(audio.samples, frames * mel.hop));
    // Nobody hears the parts of a preview by themselves.
    const whole = times !== undefined || (codebooks !== undefined && codebooks < latent.codebooks);
    for (let begin = 0, i = 0; begin < frames && begin * mel.hop < pcm.length; i++) {
      const chunk = Math.min(this.#chunks[i] ?? frames, this.#mostAtOnce(i));
      const end = whole ? frames : Math.min(frames, begin + chunk);
      const part = await this.#speak(bands, shaped, begin, end);
      const offset = begin * mel.hop;
      pcm.set(part.subarray(0, pcm.length - offset), offset);
      if (rate === audio.rate) onAudioChunk?.(offset, pcm.slice(offset, end * mel.hop));
      begin = end;
    }
    const vocodeMs = performance.now() - between;
    return { pcm: await resample(pcm, audio.rate, rate), decodeMs: between - begun, vocodeMs };
  }

  /** Frames of the i-th chunk at most; the last is as long as it is. */
  #mostAtOnce(i: number): number {
    if (i >= this.#chunks.length) return Number.POSITIVE_INFINITY;
    return Math.max(1, MOST_FRAMES - 2 * this.#card.vocoder.reach);
  }

  /** Noise in the shape of the mel [samples], where the vocoder is excited by it. */
  async #shape(bands: Float32Array, seed: number): Promise<Float32Array | null> {
    const { excitation } = this.#graphs;
    if (excitation === null) return null;
    const { bins, hop } = this.#card.mel;
    const frames = bands.length / bins;
    const noise = floats(this.#noise(seed, frames * hop), [1, frames * hop]);
    return read(await excitation.run({ mel: floats(bands, [1, bins, frames]), noise }), 'shaped');
  }

  /** Frames begin..end of a clip as audio: with as many around them as it depends on, they sound as in the whole. */
  async #speak(bands: Float32Array, shaped: Float32Array | null, begin: number, end: number): Promise<Float32Array> {
    const { mel, vocoder } = this.#card;
    const frames = bands.length / mel.bins;
    const low = Math.max(0, begin - vocoder.reach);
    const high = Math.min(frames, end + vocoder.reach);
    const part = new Float32Array(mel.bins * (high - low));
    for (let bin = 0; bin < mel.bins; bin++)
      part.set(bands.subarray(bin * frames + low, bin * frames + high), bin * (high - low));
    const feeds: Feeds = { mel: floats(part, [1, mel.bins, high - low]) };
    if (shaped !== null) {
      feeds.shaped = floats(shaped.subarray(low * mel.hop, high * mel.hop), [1, (high - low) * mel.hop]);
    }
    const wave = read(await this.#graphs.vocoder.run(feeds), 'audio');
    if (wave.length !== (high - low) * mel.hop)
      throw new Error(`the vocoder made ${wave.length} of ${(high - low) * mel.hop} samples`);
    // A tanh of float32 may end a rounding beyond 1.
    return wave
      .subarray((begin - low) * mel.hop, (end - low) * mel.hop)
      .map((value) => Math.max(-1, Math.min(1, value)));
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
