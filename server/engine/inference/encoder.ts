import { resample } from '../../audio/resample.ts';
import type { VoiceCard } from '../../cards/voice-card.ts';
import { logMel, type MelSpec } from '../dsp/mel.ts';
import { EngineError } from '../errors.ts';
import { floats, Graph, readIntegers } from '../onnx/runtime.ts';
import { parseCard, readCardText } from './card.ts';
import { GridAxes } from './code-grid.ts';

/** A voice's encoder: audio -> the codes that say it. */
export class VoiceEncoder {
  readonly cardText: string;
  readonly card: VoiceCard;
  readonly #axes: GridAxes;
  readonly #graph: Graph;
  readonly #spec: MelSpec;

  private constructor(cardText: string, card: VoiceCard, graph: Graph) {
    this.cardText = cardText;
    this.card = card;
    this.#axes = new GridAxes(card);
    this.#graph = graph;
    this.#spec = { ...card.mel, rate: card.audio.rate };
  }

  /** Throws voice_missing or voice_corrupt. */
  static async open(voiceDir: string): Promise<VoiceEncoder> {
    const cardText = await readCardText(voiceDir);
    const card = parseCard(cardText);
    return new VoiceEncoder(
      cardText,
      card,
      await Graph.open(voiceDir, card, 'encoder', { provider: 'cpu', threads: 1 }),
    );
  }

  /** Mono PCM at `rate` Hz, cut or followed by silence to the length of a clip -> codes [rows x columns], raster order. */
  async encode(pcm: Float32Array, rate: number): Promise<Uint16Array> {
    const { audio, mel, latent } = this.card;
    // What lies beyond the clip is not resampled either; the filter looks a little further.
    const needed = Math.ceil((audio.samples * rate) / audio.rate) + 4096;
    const own = await resample(pcm.subarray(0, needed), rate, audio.rate);
    const clip = new Float32Array(audio.samples);
    clip.set(own.subarray(0, audio.samples));
    const { bands, frames } = logMel(clip, this.#spec);
    if (frames !== mel.frames) throw new EngineError('voice_corrupt', `${frames} frames; the card says ${mel.frames}`);
    const outputs = await this.#graph.run({ mel: floats(bands, [1, mel.bins, frames]) });
    const codes = readIntegers(outputs, 'codes');
    const { codebooks, frequency, time } = latent;
    if (codes.length !== codebooks * frequency * time)
      throw new EngineError('voice_corrupt', `the encoder gave ${codes.length} codes for the voice's grid`);
    return this.#axes.fromLatent(codes);
  }

  async close(): Promise<void> {
    await this.#graph.release();
  }
}
