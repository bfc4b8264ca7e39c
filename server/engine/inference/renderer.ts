import { resample } from '../../audio/resample.ts';
import type { VoiceCard } from '../../cards/voice-card.ts';
import { grains, whiteNoise } from '../dsp/philox.ts';
import { type Execution, type Feeds, floats, Graph, read } from '../onnx/runtime.ts';
import type { GridAxes } from './code-grid.ts';
import { framesPerTime, MelDecoder, type PartOfGrid, type PartOfMel } from './mel-decoder.ts';
import { columnsOf, measureBehind, measureReach, type Reach, type Segment, segmentsOf } from './segments.ts';

export interface RenderOrder {
  /** Rows x columns in raster order. */
  codes: Uint16Array;
  /** Of vocoders that are excited by noise: one seed, one noise, in previews as in the clip. */
  seed: number;
  /** How grainy that noise is, 0 to 1. */
  grain?: number;
  /** By the first so many codebooks alone. */
  codebooks?: number;
  /** Only the beginning, so many places of the latent in time. */
  times?: number;
  /** Only this one of the voice's segments, at the voice's own rate; codes of later places in time than it needs may be absent. */
  segment?: number;
  /** Only these frames of a part of a longer grid, which begins at frame `from` of it; codes that are not known are absent. */
  span?: Segment & { from: number };
  /** Hz of what comes back. */
  rate: number;
  /** Somebody waits for it: orders that nobody waits for stand back. */
  urgent?: boolean;
}

export interface Rendered {
  /** Mono, -1..1, as long as the card says, or as the places in time that were asked for. */
  pcm: Float32Array;
  decodeMs: number;
  vocodeMs: number;
}

/** Audio as it becomes ready, gapless and in order, the first part long before the last. */
export type OnAudioChunk = (offset: number, pcm: Float32Array) => void;

/** Lets urgent orders go first; awaited between the runs of graphs. */
export type GiveWay = () => Promise<void>;

/** The way from codes to audio. */
export interface ClipRenderer {
  /** Of a voice whose rows go along time: what can be made of a clip before all of its codes are known. */
  readonly segments: readonly Segment[];
  /** How far its graphs reach; null where rows do not go along time. */
  readonly reach: Reach | null;
  render(order: RenderOrder, onAudioChunk?: OnAudioChunk): Promise<Rendered>;
  /** An urgent clip begins: until what this returns is called, orders that are not urgent stand still, for a while. */
  hold(): () => void;
  close(): Promise<void>;
}

/** Options of a renderer; all of them can be sent to another thread. */
export interface RendererOptions {
  voiceDir: string;
  card: VoiceCard;
  place: Execution;
}

/**
 * Frames of the first chunks of a clip; the rest is one more. The first is soon made, and each lasts longer than the
 * next takes to make, with vocoders that need a quarter of real time as well. Always the same: rounding depends on it.
 */
const CHUNK_FRAMES = [24, 96];
/**
 * Frames that an early segment may have, with what it reaches to both sides. Of 128 to 144, two threads take
 * 72 each at most, and the runtime's products then break their sums elsewhere: other bits than of one thread (measured).
 */
export const MAX_FRAMES = 126;
/** From so many on two threads take more than 72 each, and the bits are one thread's again. */
export const SAFE_FRAMES = 146;

/** A voice's decoder and vocoder. */
export class Renderer implements ClipRenderer {
  readonly #card: VoiceCard;
  readonly #axes: GridAxes;
  readonly #chunks: number[];
  readonly #decoder: MelDecoder;
  readonly #graphs: { decoder: Graph; vocoder: Graph; excitation: Graph | null };
  #segments: readonly Segment[] = [];
  #reach: Reach | null = null;
  /** Of the clip that is being made: its previews come again and again. */
  #lastNoise: { seed: number; noise: Float32Array } | null = null;

  private constructor(
    card: VoiceCard,
    axes: GridAxes,
    chunks: number[],
    [decoder, vocoder, excitation]: Graph[],
    melDecoder: MelDecoder,
  ) {
    this.#card = card;
    this.#axes = axes;
    this.#chunks = chunks;
    this.#decoder = melDecoder;
    this.#graphs = { decoder: decoder!, vocoder: vocoder!, excitation: excitation ?? null };
  }

  /** Throws voice_missing or voice_corrupt. Tests try other chunks; without any, nothing is cut into segments either. */
  static async open(
    { voiceDir, card, place }: RendererOptions,
    axes: GridAxes,
    chunks = CHUNK_FRAMES,
  ): Promise<Renderer> {
    const graphs: Graph[] = [];
    try {
      graphs.push(await Graph.open(voiceDir, card, 'decoder', place));
      graphs.push(await Graph.open(voiceDir, card, 'vocoder', place));
      // By one thread: of a segment's few frames its bits would depend on how many there are.
      if (card.graphs.excitation !== undefined)
        graphs.push(await Graph.open(voiceDir, card, 'excitation', { ...place, threads: 1 }));
      const renderer = new Renderer(card, axes, chunks, graphs, new MelDecoder(card, axes, graphs[0]!));
      if (axes.timesAfter(0) > 0 && chunks.length > 0) await renderer.#measure();
      return renderer;
    } catch (error) {
      for (const graph of graphs) await graph.release();
      throw error;
    }
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get reach(): Reach | null {
    return this.#reach;
  }

  /** How far the graphs reach, and so how a clip is cut. */
  async #measure(): Promise<void> {
    const [card, axes] = [this.#card, this.#axes];
    const { excitation } = this.#graphs;
    const ofGraphs = await measureReach(card, axes, { decoder: this.#decoder, excitation });
    this.#reach = { ...ofGraphs, behind: Number.POSITIVE_INFINITY };
    const render = async (codes: Uint16Array, span: Segment): Promise<Float32Array> =>
      (await this.#segment({ codes, seed: 1 }, () => Promise.resolve(), span, 0)).pcm;
    const behind = await measureBehind(card, axes, ofGraphs, MAX_FRAMES, render);
    this.#reach = { ...ofGraphs, behind };
    this.#segments = segmentsOf(card, axes, this.#reach, MAX_FRAMES);
  }

  async close(): Promise<void> {
    for (const graph of Object.values(this.#graphs)) await graph?.release();
  }

  /** Orders here go one beside the other: nobody has to stand back. */
  hold(): () => void {
    return () => undefined;
  }

  async render(
    order: RenderOrder,
    onAudioChunk?: OnAudioChunk,
    giveWay: GiveWay = () => Promise.resolve(),
  ): Promise<Rendered> {
    const { codes, seed, codebooks, times, segment, span, rate } = order;
    if (span !== undefined) return this.#segment(order, giveWay, span, span.from);
    if (segment !== undefined) return this.#segment(order, giveWay, this.segments[segment]!);
    if (times === undefined && codebooks === undefined && this.segments.length > 0)
      return this.#allSegments(order, giveWay, onAudioChunk);
    const { latent, mel, audio } = this.#card;
    const begun = performance.now();
    const { bands } = await this.#decode(codes, { codebooks, times });
    const between = performance.now();
    const noise = this.#noise(seed, (bands.length / mel.bins) * mel.hop);
    await giveWay();
    const shaped = await this.#shape(bands, noise, order);
    const frames = times === undefined ? bands.length / mel.bins : times * framesPerTime(this.#card);
    const pcm = new Float32Array(Math.min(audio.samples, frames * mel.hop));
    // Nobody hears the parts of a preview by themselves.
    const whole = times !== undefined || (codebooks !== undefined && codebooks < latent.codebooks);
    for (let begin = 0, i = 0; begin < frames && begin * mel.hop < pcm.length; i++) {
      const chunk = Math.min(this.#chunks[i] ?? frames, this.#maxAtOnce(i));
      const end = whole ? frames : Math.min(frames, begin + chunk);
      await giveWay();
      const part = await this.#speak(bands, shaped, begin, end);
      const offset = begin * mel.hop;
      pcm.set(part.subarray(0, pcm.length - offset), offset);
      if (rate === audio.rate) onAudioChunk?.(offset, pcm.slice(offset, end * mel.hop));
      begin = end;
    }
    const vocodeMs = performance.now() - between;
    return { pcm: await resample(pcm, audio.rate, rate), decodeMs: between - begun, vocodeMs };
  }

  /** Segment by segment, as a clip that is heard while it is sampled: it has the same bits. */
  async #allSegments(order: RenderOrder, giveWay: GiveWay, onAudioChunk?: OnAudioChunk): Promise<Rendered> {
    const { audio, mel } = this.#card;
    const pcm = new Float32Array(audio.samples);
    let [decodeMs, vocodeMs] = [0, 0];
    for (const segment of this.segments) {
      await giveWay();
      const part = await this.#segment(order, giveWay, segment);
      const offset = segment.begin * mel.hop;
      pcm.set(part.pcm, offset);
      decodeMs += part.decodeMs;
      vocodeMs += part.vocodeMs;
      if (order.rate === audio.rate) onAudioChunk?.(offset, part.pcm);
    }
    return { pcm: await resample(pcm, audio.rate, order.rate), decodeMs, vocodeMs };
  }

  /** One segment from the codes that decide it and no others. `from`: the frame of a longer grid that frame 0 is. */
  async #segment(
    { codes, seed, grain = 0 }: Pick<RenderOrder, 'codes' | 'seed' | 'grain'>,
    giveWay: GiveWay,
    { begin, end, times, shapeFrom, shapeTo }: Segment,
    from?: number,
  ): Promise<Rendered> {
    const { mel, audio } = this.#card;
    const begun = performance.now();
    const around = this.reach?.decoder ?? Number.POSITIVE_INFINITY;
    // What lies further away than the decoder reaches does not change them.
    const needed = { times, fromFrame: Math.max(0, shapeFrom - around), toFrame: shapeTo + around };
    const decoded = await this.#decode(codes, needed);
    const between = performance.now();
    const frames = decoded.from + decoded.frames;
    const last = Math.min(shapeTo, frames);
    const part = columnsOf(decoded.bands, mel.bins, shapeFrom - decoded.from, last - decoded.from);
    const length = (last - shapeFrom) * mel.hop;
    const offset = ((from ?? 0) + shapeFrom) * mel.hop;
    await giveWay();
    const shaped = await this.#shape(part, whiteNoise(seed, length, offset), { seed, grain }, offset);
    await giveWay();
    const sound = await this.#speak(part, shaped, begin - shapeFrom, Math.min(end, frames) - shapeFrom);
    const pcm = from === undefined ? sound.slice(0, Math.max(0, audio.samples - begin * mel.hop)) : sound;
    return { pcm, decodeMs: between - begun, vocodeMs: performance.now() - between };
  }

  /** Codes -> mel. At its end the last frame comes twice: 344 frames are 136 samples short of a clip's four seconds. */
  async #decode(codes: Uint16Array, part: PartOfGrid): Promise<PartOfMel> {
    const { bands, from, frames } = await this.#decoder.decode(codes, part);
    return { bands: lastFrameTwice(bands, this.#card.mel.bins), from, frames: frames + 1 };
  }

  /** Frames of the i-th chunk at most; the last is as long as it is. */
  #maxAtOnce(i: number): number {
    if (i >= this.#chunks.length) return Number.POSITIVE_INFINITY;
    return Math.max(1, MAX_FRAMES - 2 * this.#card.vocoder.reach);
  }

  /** Noise in the shape of the mel [samples], and as grainy as it shall be, where the vocoder is excited by it. */
  async #shape(
    bands: Float32Array,
    noise: Float32Array,
    { seed, grain = 0 }: Pick<RenderOrder, 'seed' | 'grain'>,
    offset = 0,
  ): Promise<Float32Array | null> {
    const { excitation } = this.#graphs;
    if (excitation === null) return null;
    const { bins } = this.#card.mel;
    const feeds = { mel: floats(bands, [1, bins, bands.length / bins]), noise: floats(noise, [1, noise.length]) };
    const shaped = read(await excitation.run(feeds), 'shaped');
    if (grain === 0) return shaped;
    const gains = grains(seed, shaped.length, grain, offset);
    return shaped.map((sample, i) => sample * gains[i]!);
  }

  /** Frames begin..end of a clip as audio: with as many around them as it depends on, they sound as in the whole. */
  async #speak(bands: Float32Array, shaped: Float32Array | null, begin: number, end: number): Promise<Float32Array> {
    const { mel, vocoder } = this.#card;
    const frames = bands.length / mel.bins;
    const low = Math.max(0, begin - vocoder.reach);
    const high = Math.min(frames, end + vocoder.reach);
    const part = columnsOf(bands, mel.bins, low, high);
    const feeds: Feeds = { mel: floats(part, [1, mel.bins, high - low]) };
    if (shaped !== null) {
      feeds.shaped = floats(shaped.subarray(low * mel.hop, high * mel.hop), [1, (high - low) * mel.hop]);
    }
    const wave = read(await this.#graphs.vocoder.run(feeds), 'audio');
    if (wave.length !== (high - low) * mel.hop)
      throw new Error(`the vocoder returned ${wave.length} of ${(high - low) * mel.hop} samples`);
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

/** Mel [bins, frames] -> [bins, frames + 1]. */
function lastFrameTwice(mel: Float32Array, bins: number): Float32Array {
  const frames = mel.length / bins;
  const out = new Float32Array(bins * (frames + 1));
  for (let bin = 0; bin < bins; bin++) {
    out.set(mel.subarray(bin * frames, (bin + 1) * frames), bin * (frames + 1));
    out[(bin + 1) * (frames + 1) - 1] = mel[(bin + 1) * frames - 1]!;
  }
  return out;
}
