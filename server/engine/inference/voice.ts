import { contourUniform } from '../dsp/philox.ts';
import { EngineError } from '../errors.ts';
import { type Execution, floats, Graph, read } from '../onnx/runtime.ts';
import { type Card, parseCard, readCardText } from './card.ts';
import { GridAxes } from './code-grid.ts';
import { depthGraphs } from './graph-names.ts';
import {
  type ClipRenderer,
  type OnAudioChunk,
  type Rendered,
  Renderer,
  type RendererOptions,
  type RenderOrder,
} from './renderer.ts';
import { Sampler } from './sampler.ts';
import type { Stretch } from './stretches.ts';

/** Numbers that the contour graph draws by. */
const CONTOUR_DRAWS = 4;

const priorGraphs = ['condition', 'row', 'pixel', ...depthGraphs] as const;

/** How a voice's renderer is had: here, or in another thread. */
export type OpenRenderer = (of: RendererOptions, axes: GridAxes) => Promise<ClipRenderer>;

/** A voice in memory: its card, its prior and the way from codes to audio. */
export class Voice {
  readonly card: Card;
  readonly axes: GridAxes;
  readonly sampler: Sampler;
  /** The card's text: a voice whose card changed on disk is another voice. */
  readonly cardText: string;
  readonly #prior: Graph[];
  readonly #contour: Graph | null;
  readonly #renderer: ClipRenderer;

  private constructor(
    cardText: string,
    card: Card,
    axes: GridAxes,
    prior: Graph[],
    contour: Graph | null,
    renderer: ClipRenderer,
  ) {
    const [condition, row, pixel, ...depth] = prior;
    this.card = card;
    this.cardText = cardText;
    this.axes = axes;
    this.sampler = new Sampler(card, axes, { condition: condition!, row: row!, pixel: pixel!, depth });
    this.#prior = prior;
    this.#contour = contour;
    this.#renderer = renderer;
  }

  /**
   * Throws voice_missing or voice_corrupt. The encoder is not needed to make clips and stays on disk. Only decoder and
   * vocoder run elsewhere than on the CPU and by more than one thread: the prior is thousands of small steps, each with
   * its past as an input.
   */
  static async open(
    voiceDir: string,
    place: Execution,
    openRenderer: OpenRenderer = (of, axes) => Renderer.open(of, axes),
  ): Promise<Voice> {
    const cardText = await readCardText(voiceDir);
    const card = parseCard(cardText);
    const axes = new GridAxes(card);
    const prior: Graph[] = [];
    let contour: Graph | null = null;
    let renderer: ClipRenderer | null = null;
    try {
      for (const name of priorGraphs) {
        if (card.graphs[name] === undefined) continue;
        prior.push(await Graph.open(voiceDir, card, name, { provider: 'cpu', threads: 1 }));
      }
      if (card.graphs.contour !== undefined)
        contour = await Graph.open(voiceDir, card, 'contour', { provider: 'cpu', threads: 1 });
      renderer = await openRenderer({ voiceDir, card, place }, axes);
      const voice = new Voice(cardText, card, axes, prior, contour, renderer);
      await voice.#prove();
      return voice;
    } catch (error) {
      for (const graph of prior) await graph.release();
      await contour?.release();
      await renderer?.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const graph of this.#prior) await graph.release();
    await this.#contour?.release();
    await this.#renderer.close();
  }

  /** What can be made of a clip before all of its codes are known; none where rows do not go along time. */
  get stretches(): readonly Stretch[] {
    return this.#renderer.stretches;
  }

  /** The levels in dB, one per mel frame, that a clip of a seed follows where none are given; undefined where it follows none. */
  async drawContour(classWeights: readonly number[], seed: number): Promise<Float32Array | undefined> {
    if (this.#contour === null) return undefined;
    const draws = Float32Array.from({ length: CONTOUR_DRAWS }, (_, i) => contourUniform(seed, i));
    const outputs = await this.#contour.run({
      class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
      uniform: floats(draws, [1, CONTOUR_DRAWS]),
    });
    const level = read(outputs, 'level');
    if (level.length !== this.card.mel.frames)
      throw new EngineError(
        'voice_corrupt',
        `the contour graph gave ${level.length} levels for ${this.card.mel.frames} mel frames`,
      );
    return read(outputs, 'known')[0] === 1 ? level : undefined;
  }

  /** Codes -> audio, at the card's rate unless another is asked for. */
  render(order: Omit<RenderOrder, 'rate'> & { rate?: number }, onAudioChunk?: OnAudioChunk): Promise<Rendered> {
    return this.#renderer.render({ rate: this.card.audio.rate, ...order }, onAudioChunk);
  }

  /** One row and one rendering: graphs that do not fit their card fail now, and the first clip finds all memory warm. */
  async #prove(): Promise<void> {
    const weights = this.card.classes.map(() => 1 / this.card.classes.length);
    const stop = new Error('one row is enough');
    const options = { classWeights: weights, seed: 0, temperature: 0, topK: 0, topP: 1 };
    try {
      await this.sampler.sample({ ...options, onRow: () => Promise.reject(stop) }).catch((error: unknown) => {
        if (error !== stop) throw error;
      });
      await this.drawContour(weights, 0);
      await this.render({ codes: new Uint16Array(this.axes.rows * this.axes.perRow), seed: 0 });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError('voice_corrupt', `the voice's graphs do not fit its card: ${reason}`, { cause: error });
    }
  }
}
