import { depthGraphs } from '../../cards/graph-names.ts';
import type { VoiceCard } from '../../cards/voice-card.ts';
import { ShortageError, shortageSaid } from '../../util/shortage.ts';
import { followedUniform } from '../dsp/philox.ts';
import { EngineError } from '../errors.ts';
import { type Execution, floats, Graph, read } from '../onnx/runtime.ts';
import { parseCard, readCardText } from './card.ts';
import { GridAxes } from './code-grid.ts';
import { DensityContours } from './density.ts';
import { type EndlessPlan, endlessPlanOf } from './endless-plan.ts';
import type { Followed } from './prior.ts';
import {
  type ClipRenderer,
  type OnAudioChunk,
  type Rendered,
  Renderer,
  type RendererOptions,
  type RenderOrder,
} from './renderer.ts';
import { Sampler } from './sampler.ts';
import type { Reach, Segment } from './segments.ts';

/**
 * Which numbers of a seed each graph draws what is followed by. They share the one that chooses the class: contour and
 * spectrum of one training clip would come near to that clip.
 */
const DRAWS = { contour: [0, 1, 2, 3], spectrum: [0, 6, 4, 5] } as const;
const drawing = ['contour', 'spectrum'] as const;
type Drawing = (typeof drawing)[number];

const priorGraphs = ['condition', 'row', 'pixel', ...depthGraphs] as const;

/** How a voice's renderer is had: here, or in another thread. */
export type OpenRenderer = (of: RendererOptions, axes: GridAxes) => Promise<ClipRenderer>;

/** A voice in memory: its card, its prior and the way from codes to audio. */
export class Voice {
  readonly card: VoiceCard;
  readonly axes: GridAxes;
  readonly sampler: Sampler;
  /** The card's text: a voice whose card changed on disk is another voice. */
  readonly cardText: string;
  readonly #prior: Graph[];
  readonly #drawing: ReadonlyMap<Drawing, Graph>;
  readonly #grains: readonly number[];
  readonly #renderer: ClipRenderer;

  private constructor(
    cardText: string,
    card: VoiceCard,
    axes: GridAxes,
    prior: Graph[],
    drawing: ReadonlyMap<Drawing, Graph>,
    grains: readonly number[],
    renderer: ClipRenderer,
  ) {
    const [condition, row, pixel, ...depth] = prior;
    this.card = card;
    this.cardText = cardText;
    this.axes = axes;
    this.sampler = new Sampler(card, axes, { condition: condition!, row: row!, pixel: pixel!, depth });
    this.#prior = prior;
    this.#drawing = drawing;
    this.#grains = grains;
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
    const draws = new Map<Drawing, Graph>();
    let renderer: ClipRenderer | null = null;
    try {
      for (const name of priorGraphs) {
        if (card.graphs[name] === undefined) continue;
        prior.push(await Graph.open(voiceDir, card, name, { provider: 'cpu', threads: 1 }));
      }
      for (const name of drawing)
        if (card.graphs[name] !== undefined)
          draws.set(name, await Graph.open(voiceDir, card, name, { provider: 'cpu', threads: 1 }));
      const grains = await grainsOf(voiceDir, card);
      renderer = await openRenderer({ voiceDir, card, place }, axes);
      const voice = new Voice(cardText, card, axes, prior, draws, grains, renderer);
      await voice.#prove();
      return voice;
    } catch (error) {
      for (const graph of [...prior, ...draws.values()]) await graph.release();
      await renderer?.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const graph of [...this.#prior, ...this.#drawing.values()]) await graph.release();
    await this.#renderer.close();
  }

  /** What can be made of a clip before all of its codes are known; none where rows do not go along time. */
  get segments(): readonly Segment[] {
    return this.#renderer.segments;
  }

  /** How it goes on for ever, so many seconds rendered together. Throws engine_failed where it cannot. */
  endlessPlan(partSeconds?: number): EndlessPlan {
    return endlessPlanOf(this, partSeconds);
  }

  /** How far its graphs reach; null where rows do not go along time. */
  get reach(): Reach | null {
    return this.#renderer.reach;
  }

  /** What a clip of a seed follows where nothing is given: of each kind what the voice draws for its class, if anything. */
  async drawFollowed(classWeights: readonly number[], seed: number): Promise<Followed> {
    const { frames, bins } = this.card.mel;
    return {
      contour: await this.#draw('contour', 'level', frames, classWeights, seed),
      spectrum: await this.#draw('spectrum', 'spectrum', bins, classWeights, seed),
    };
  }

  /** Contours with so many events a second, of the sound of a seed. */
  densityContours(seed: number): DensityContours {
    const { frames, hop } = this.card.mel;
    const of = { frames, frameSeconds: hop / this.card.audio.rate };
    return new DensityContours(seed, of, (uniform, classWeights) =>
      this.#drawBy(uniform, 'contour', 'level', frames, classWeights),
    );
  }

  #draw(
    name: Drawing,
    output: string,
    length: number,
    classWeights: readonly number[],
    seed: number,
  ): Promise<Float32Array | undefined> {
    const uniform = Float32Array.from(DRAWS[name], (i) => followedUniform(seed, i));
    return this.#drawBy(uniform, name, output, length, classWeights);
  }

  async #drawBy(
    uniform: Float32Array,
    name: Drawing,
    output: string,
    length: number,
    classWeights: readonly number[],
  ): Promise<Float32Array | undefined> {
    const graph = this.#drawing.get(name);
    if (graph === undefined) return undefined;
    const outputs = await graph.run({
      class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
      uniform: floats(uniform, [1, uniform.length]),
    });
    const drawn = read(outputs, output);
    if (drawn.length !== length)
      throw new EngineError('voice_corrupt', `the ${name} graph gave ${drawn.length} levels, expected ${length}`);
    return read(outputs, 'known')[0] === 1 ? drawn : undefined;
  }

  /** How grainy the noise of a mix of classes is, 0 to 1: the mean of what its classes have. */
  grain(classWeights: readonly number[]): number {
    return this.#grains.reduce((sum, grain, index) => sum + grain * classWeights[index]!, 0);
  }

  /** Codes -> audio, at the card's rate unless another is asked for. */
  render(order: Omit<RenderOrder, 'rate'> & { rate?: number }, onAudioChunk?: OnAudioChunk): Promise<Rendered> {
    return this.#renderer.render({ rate: this.card.audio.rate, ...order }, onAudioChunk);
  }

  /** An urgent clip begins: until what this returns is called, what is rendered for others stands still. */
  hold(): () => void {
    return this.#renderer.hold();
  }

  /**
   * One row, and one rendering or the first segment of one: graphs that do not fit their card fail now, and the first clip
   * finds its memory warm. Whole clips are what an import is tried with.
   */
  async #prove(): Promise<void> {
    const weights = this.card.classes.map(() => 1 / this.card.classes.length);
    const stop = new Error('one row is enough');
    const options = { classWeights: weights, seed: 0, temperature: 0, topK: 0, topP: 1 };
    try {
      await this.sampler.sample({ ...options, onRow: () => Promise.reject(stop) }).catch((error: unknown) => {
        if (error !== stop) throw error;
      });
      await this.drawFollowed(weights, 0);
      const part = this.segments.length > 0 ? { segment: 0 } : {};
      await this.render({ codes: new Uint16Array(this.axes.rows * this.axes.perRow), seed: 0, ...part });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const short = shortageSaid(reason);
      if (short !== null) throw new ShortageError(`the voice could not be tried: ${short}`, { cause: error });
      throw new EngineError('voice_corrupt', `the voice's graphs do not fit its card: ${reason}`, { cause: error });
    }
  }
}

/** How grainy the noise of each class is; none of a voice that does not say. */
async function grainsOf(voiceDir: string, card: VoiceCard): Promise<number[]> {
  if (card.graphs.grain === undefined) return [];
  const graph = await Graph.open(voiceDir, card, 'grain', { provider: 'cpu', threads: 1 });
  const { length } = card.classes;
  const grains: number[] = [];
  try {
    for (let index = 0; index < length; index++) {
      const weights = Float32Array.from({ length }, (_, i) => (i === index ? 1 : 0));
      grains.push(read(await graph.run({ class: floats(weights, [1, length]) }), 'grain')[0] ?? Number.NaN);
    }
  } finally {
    await graph.release();
  }
  const wrong = grains.findIndex((grain) => !(grain >= 0 && grain <= 1));
  if (wrong >= 0)
    throw new EngineError('voice_corrupt', `the grain graph gave ${grains[wrong]} for class ${wrong}, expected 0 to 1`);
  return grains;
}
