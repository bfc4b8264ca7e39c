import { changeOver } from '../../audio/change-over.ts';
import { type EndlessPlan, rowsAfterCut, rowsOfStreamPart } from './endless-plan.ts';
import type { EndlessRows } from './endless-rows.ts';
import type { Voice } from './voice.ts';

/** Mel frames in which the sound before a cut fades over into the one after it. */
const FADE_FRAMES = 3;

/** Rows begin..end, of which those before `until` are heard: the rest was taken back meanwhile. */
interface Part {
  begin: number;
  end: number;
  until: number;
}

interface Cut {
  step: number;
  /** What would have come there: its beginning. */
  old: Float32Array;
  /** The sound after it is about to be told. */
  onSound: () => void;
}

export interface EndlessPartsOptions {
  voice: Voice;
  plan: EndlessPlan;
  rows: EndlessRows;
  seed: number;
  urgent: boolean;
  grain: number;
  isCancelled: () => boolean;
  /** The sound of the rows from `begin` on. */
  tell: (begin: number, pcm: Float32Array) => void;
}

/** Renders the rows of a stream, part by part, each as soon as all rows are drawn that its sound depends on. */
export class EndlessParts {
  readonly #of: EndlessPartsOptions;
  /** How grainy the noise is, from which row on; the first is that of the part that is rendered next. */
  #grains: { step: number; grain: number }[];
  /** Rows given to be rendered, in so many parts since the beginning or the last cut. */
  #given = 0;
  #parts = 0;
  #cutBefore = false;
  readonly #open = new Set<Part>();
  #cut: Cut | null = null;
  #rendering: Promise<void> = Promise.resolve();
  #problem: { error: unknown } | null = null;
  readonly times = { decodeMs: 0, vocodeMs: 0 };

  constructor(of: EndlessPartsOptions) {
    this.#of = of;
    this.#grains = [{ step: 0, grain: of.grain }];
  }

  get given(): number {
    return this.#given;
  }

  /** How many wait to be rendered. */
  get waiting(): number {
    return this.#open.size;
  }

  /** Resolves when all that was given is rendered. */
  get rendering(): Promise<void> {
    return this.#rendering;
  }

  /** What became of it, where it cannot go on. */
  get problem(): { error: unknown } | null {
    return this.#problem;
  }

  setGrain(step: number, grain: number): void {
    this.#grains.push({ step, grain });
  }

  /** Gives what can be rendered by now. `steps` end it; only what lies before row `until` is heard. */
  giveKnown(steps: number, until: number): void {
    const { plan, rows } = this.#of;
    for (;;) {
      const begin = this.#given;
      const length = this.#cutBefore ? rowsAfterCut(this.#parts, plan) : rowsOfStreamPart(this.#parts, plan);
      const end = Math.min(begin + length, steps);
      if (end <= begin || begin >= until || rows.known < end + plan.behind) return;
      this.#given = end;
      this.#parts += 1;
      // That of its first row: a change is heard from its own row on, and again where it is made again.
      while ((this.#grains[1]?.step ?? Number.POSITIVE_INFINITY) <= begin) this.#grains.shift();
      const { grain } = this.#grains[0]!;
      const part = { begin, end, until: Math.min(end, until) };
      const from = Math.max(0, begin - plan.before);
      const codes = rows.grid(from, end + plan.behind);
      this.#open.add(part);
      this.#follow(async () => {
        try {
          await this.#renderPart(part, from, codes, grain);
        } finally {
          this.#open.delete(part);
        }
      });
    }
  }

  /** What was given from this row on is taken back; what comes there fades in over what would have come. */
  cut(step: number, onSound: () => void): void {
    const { plan, rows } = this.#of;
    for (const part of this.#open) part.until = Math.min(part.until, step);
    const { grain } = this.#grains.findLast((one) => one.step <= step)!;
    this.#grains = [{ step, grain }];
    const from = Math.max(0, step - plan.before);
    const codes = rows.grid(from, step + plan.behind);
    const frames = Math.min(FADE_FRAMES, plan.each);
    [this.#given, this.#parts, this.#cutBefore] = [step, 0, true];
    this.#follow(async () => {
      const begin = (step - from) * plan.each;
      const old = await this.#render(codes, grain, {
        from,
        begin,
        end: begin + frames,
        times: step - from + plan.behind,
      });
      this.#cut = { step, old, onSound };
    });
  }

  #follow(work: () => Promise<void>): void {
    this.#rendering = this.#rendering
      .then(() => (this.#of.isCancelled() || this.#problem !== null ? undefined : work()))
      .catch((error: unknown) => {
        this.#problem ??= { error };
      });
  }

  async #renderPart(part: Part, from: number, codes: Uint16Array, grain: number): Promise<void> {
    const { begin, end } = part;
    const { plan, isCancelled, tell } = this.#of;
    if (part.until <= begin) return;
    const pcm = await this.#render(codes, grain, {
      from,
      begin: (begin - from) * plan.each,
      end: (end - from) * plan.each,
      times: end - from + plan.behind,
    });
    if (isCancelled() || part.until <= begin) return;
    if (this.#cut?.step === begin) {
      const { old, onSound } = this.#cut;
      this.#cut = null;
      pcm.set(changeOver(old, pcm.subarray(0, old.length)));
      onSound();
    }
    tell(begin, pcm.slice(0, (pcm.length / (end - begin)) * (part.until - begin)));
  }

  /** Frames begin..end of a grid that begins with row `from` and of which so many rows are known. */
  async #render(
    codes: Uint16Array,
    grain: number,
    { from, begin, end, times }: Record<'from' | 'begin' | 'end' | 'times', number>,
  ): Promise<Float32Array> {
    const { voice, plan, seed, urgent } = this.#of;
    const { each, around } = plan;
    const span = {
      begin,
      end,
      times,
      shapeFrom: Math.max(0, begin - around),
      shapeTo: end + around,
      from: from * each,
    };
    const { pcm, decodeMs, vocodeMs } = await voice.render({ codes, seed, grain, urgent, span });
    this.times.decodeMs += decodeMs;
    this.times.vocodeMs += vocodeMs;
    return pcm;
  }
}
