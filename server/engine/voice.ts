import { GridAxes } from './axes.ts';
import { type Card, parseCard, readCardText } from './card.ts';
import { EngineError } from './errors.ts';
import { type Feeds, floats, Graph, integers, type Place, read } from './ort.ts';
import { whiteNoise } from './philox.ts';
import { Sampler } from './sampler.ts';

/** What decoding cost, in milliseconds. */
export interface DecodeTimes {
  decodeMs: number;
  vocodeMs: number;
}

/** A voice in memory: its card, its prior and the way from codes to audio. */
export class Voice {
  readonly card: Card;
  readonly axes: GridAxes;
  readonly sampler: Sampler;
  /** The card's text: a voice whose card changed on disk is another voice. */
  readonly cardText: string;
  readonly #decoder: Graph;
  readonly #vocoder: Graph;
  readonly #prior: Graph[];
  /** Of the clip that is being made: its previews come again and again. */
  #lastNoise: { seed: number; noise: Float32Array } | null = null;

  private constructor(
    cardText: string,
    card: Card,
    graphs: Record<'condition' | 'row' | 'pixel' | 'decoder' | 'vocoder', Graph>,
  ) {
    const { condition, row, pixel, decoder, vocoder } = graphs;
    this.card = card;
    this.cardText = cardText;
    this.axes = new GridAxes(card);
    this.sampler = new Sampler(card, this.axes, { condition, row, pixel });
    this.#prior = [condition, row, pixel];
    this.#decoder = decoder;
    this.#vocoder = vocoder;
  }

  /**
   * Throws voice_missing or voice_corrupt. The encoder is not needed to make clips and stays on disk. Only decoder and
   * vocoder run elsewhere than on the CPU: the prior is thousands of small steps, each with its past as an input.
   */
  static async open(voiceDir: string, { provider, threads }: Place): Promise<Voice> {
    const cardText = await readCardText(voiceDir);
    const card = parseCard(cardText);
    const opened: Graph[] = [];
    const open = async (name: 'condition' | 'row' | 'pixel' | 'decoder' | 'vocoder'): Promise<Graph> => {
      const where = name === 'decoder' || name === 'vocoder' ? provider : 'cpu';
      const graph = await Graph.open(voiceDir, card, name, { provider: where, threads });
      opened.push(graph);
      return graph;
    };
    try {
      const prior = { condition: await open('condition'), row: await open('row'), pixel: await open('pixel') };
      const voice = new Voice(cardText, card, {
        ...prior,
        decoder: await open('decoder'),
        vocoder: await open('vocoder'),
      });
      await voice.#prove();
      return voice;
    } catch (error) {
      for (const graph of opened) await graph.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const graph of [...this.#prior, this.#decoder, this.#vocoder]) await graph.release();
  }

  /** One row and one decoding: graphs that do not fit their card fail now, and the first clip finds all memory warm. */
  async #prove(): Promise<void> {
    const weights = this.card.classes.map(() => 1 / this.card.classes.length);
    const stop = new Error('one row is enough');
    const options = { classWeights: weights, seed: 0, temperature: 0, topK: 0, topP: 1 };
    try {
      await this.sampler.sample({ ...options, onRow: () => Promise.reject(stop) }).catch((error: unknown) => {
        if (error !== stop) throw error;
      });
      await this.decode(new Uint16Array(this.axes.rows * this.axes.cols), 0);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError('voice_corrupt', `the voice's graphs do not fit its card: ${reason}`, { cause: error });
    }
  }

  /**
   * Codes in raster order -> mono audio of the card's length and rate, by the first `codebooks` codebooks alone if
   * given. The seed is for vocoders that are excited by noise: one seed, one noise, in previews as in the clip.
   */
  async decode(codes: Uint16Array, seed: number, codebooks?: number): Promise<{ pcm: Float32Array } & DecodeTimes> {
    const { latent, mel, audio } = this.card;
    const begun = performance.now();
    const dims = [1, latent.codebooks, latent.frequency, latent.time];
    const decoded = await this.#decoder.run({ codes: integers(this.axes.toLatent(codes, codebooks), dims) });
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
    return { pcm, decodeMs: between - begun, vocodeMs: performance.now() - between };
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
