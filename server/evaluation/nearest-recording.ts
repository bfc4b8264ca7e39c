import type { VoiceCard } from '../cards/voice-card.ts';
import { EngineError } from '../engine/errors.ts';
import { parseCard, readCardText } from '../engine/inference/card.ts';
import { GridAxes } from '../engine/inference/code-grid.ts';
import { readVouched } from '../engine/inference/embedder.ts';
import { VoiceEncoder } from '../engine/inference/encoder.ts';
import { MelDecoder } from '../engine/inference/mel-decoder.ts';
import { Graph } from '../engine/onnx/runtime.ts';
import { StatisticsError } from './fad.ts';
import { type Fingerprints, type Nearest, nearest, printOf, readFingerprints } from './fingerprints.ts';

/** A training recording that is near to a sound. */
export interface NearRecording extends Omit<Nearest, 'class'> {
  /** By name. */
  class: string;
}

/** Throws voice_corrupt. */
function fingerprintsOf({ id, classes }: VoiceCard, bytes: Uint8Array): Fingerprints {
  try {
    return readFingerprints(bytes, classes.length);
  } catch (error) {
    if (!(error instanceof StatisticsError)) throw error;
    throw new EngineError('voice_corrupt', `the fingerprints of voice ${id}: ${error.message}`, { cause: error });
  }
}

/** Finds the training recordings of one voice that are nearest to a sound, by the fingerprints that come with the voice. */
export class NearestRecording {
  readonly #card: VoiceCard;
  readonly #known: Fingerprints;
  readonly #encoder: VoiceEncoder;
  readonly #graph: Graph;
  readonly #decoder: MelDecoder;

  private constructor(card: VoiceCard, known: Fingerprints, encoder: VoiceEncoder, graph: Graph) {
    this.#card = card;
    this.#known = known;
    this.#encoder = encoder;
    this.#graph = graph;
    this.#decoder = new MelDecoder(card, new GridAxes(card), graph);
  }

  /** Null where the voice has no fingerprints. Throws voice_missing or voice_corrupt. */
  static async open(voiceDir: string): Promise<NearestRecording | null> {
    const card = parseCard(await readCardText(voiceDir));
    const bytes = await readVouched(voiceDir, card.fingerprints, 'card.json');
    if (bytes === null) return null;
    const known = fingerprintsOf(card, bytes);
    const encoder = await VoiceEncoder.open(voiceDir);
    try {
      const graph = await Graph.open(voiceDir, card, 'decoder', { provider: 'cpu', threads: 1 });
      return new NearestRecording(card, known, encoder, graph);
    } catch (error) {
      await encoder.close();
      throw error;
    }
  }

  /** Those nearest to mono PCM at `rate` Hz, nearest first; of a longer sound, to any stretch as long as a clip. */
  async find(pcm: Float32Array, rate: number, most: number): Promise<NearRecording[]> {
    const { audio, mel, classes } = this.#card;
    const length = Math.ceil((audio.samples * rate) / audio.rate);
    const best = new Map<string, NearRecording>();
    for (let from = 0; from < pcm.length; from += length) {
      // As its codec says it: a vocoder's noise would hide a copy.
      const codes = await this.#encoder.encode(pcm.subarray(from, from + length), rate);
      const { bands } = await this.#decoder.decode(codes);
      for (const one of nearest(printOf(bands, mel.bins), this.#known, most)) {
        const found = { ...one, class: classes[one.class]!.name };
        const key = `${found.class}\n${found.name}`;
        if ((best.get(key)?.likeness ?? -2) < found.likeness) best.set(key, found);
      }
    }
    return [...best.values()].sort((a, b) => b.likeness - a.likeness).slice(0, most);
  }

  async close(): Promise<void> {
    await Promise.all([this.#encoder.close(), this.#graph.release()]);
  }
}
