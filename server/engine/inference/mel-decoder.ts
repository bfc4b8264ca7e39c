import type { VoiceCard } from '../../cards/voice-card.ts';
import { type Graph, integers, read } from '../onnx/runtime.ts';
import type { GridAxes } from './code-grid.ts';

/** A mel [bins, frames], and the frame of the clip that its first is. */
export interface PartOfMel {
  bands: Float32Array;
  from: number;
  frames: number;
}

/** What is decoded of a grid; without, all of it. */
export interface PartOfGrid {
  /** The first so many codebooks. */
  codebooks?: number | undefined;
  /** The first so many places in time; codes of later ones are absent. */
  times?: number | undefined;
  /** Frames that are asked for. More may come, and frames within its reach of either end are not those of the whole clip. */
  fromFrame?: number;
  toFrame?: number;
}

/** Mel frames of a place in time. */
export function framesPerTime({ mel, latent }: Pick<VoiceCard, 'mel' | 'latent'>): number {
  return Math.ceil(mel.frames / latent.time);
}

/** A voice's decoder graph: codes [1, codebooks, frequency, T] -> mel [1, bins, frames]. */
export class MelDecoder {
  readonly #card: VoiceCard;
  readonly #axes: GridAxes;
  readonly #graph: Pick<Graph, 'run' | 'isFree'>;

  constructor(card: VoiceCard, axes: GridAxes, graph: Pick<Graph, 'run' | 'isFree'>) {
    this.#card = card;
    this.#axes = axes;
    this.#graph = graph;
  }

  /** Codes in raster order -> mel. Only the places in time that are needed, by a graph that takes fewer than all. */
  async decode(codes: Uint16Array, part: PartOfGrid = {}): Promise<PartOfMel> {
    const { latent, mel } = this.#card;
    const each = framesPerTime(this.#card);
    const { codebooks, times = latent.time, fromFrame = 0, toFrame = times * each } = part;
    const whole = !this.#graph.isFree('codes', 3);
    const begin = whole ? 0 : Math.floor(fromFrame / each);
    const end = whole ? latent.time : Math.min(latent.time, Math.max(begin + 1, Math.ceil(toFrame / each)));
    const chosen = this.#axes.toLatent(codes, { codebooks, times, begin, end });
    const feeds = { codes: integers(chosen, [1, latent.codebooks, latent.frequency, end - begin]) };
    const bands = read(await this.#graph.run(feeds), 'mel');
    return { bands, from: begin * each, frames: bands.length / mel.bins };
  }
}
