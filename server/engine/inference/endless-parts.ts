import { changeOver } from '../../audio/change-over.ts';
import { type CutPlace, fadeOf } from './cut-place.ts';
import { type EndlessPlan, rowsAfterCut, rowsOfStreamPart } from './endless-plan.ts';
import type { EndlessRows } from './endless-rows.ts';
import type { Voice } from './voice.ts';

/** Rows begin..end, of which those before `until` are told, and those before `needed` are faded from: the rest was taken back. */
interface Part {
  begin: number;
  end: number;
  until: number;
  needed: number;
}

interface Cut extends CutPlace {
  /** What would have come from its row on, to the end of the fade. */
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
  /** The sound of the rows from `begin` on, of which the first so many frames are what they were before a cut. */
  tell: (begin: number, pcm: Float32Array, asBefore: number) => void;
}

/**
 * Renders the rows of an endless stream part by part, each as soon as all rows that its audio depends on are sampled.
 */
export class EndlessParts {
  readonly #of: EndlessPartsOptions;
  /** How grainy the noise is, from which row on; the first is that of the part that is rendered next. */
  #grains: { step: number; grain: number }[];
  /** Rows given to be rendered, in so many parts since the beginning or the last cut. */
  #given = 0;
  /** The first row of a part that the end made shorter, as one that leads to a cut never is: it cannot be cut. */
  #shortFrom = Number.POSITIVE_INFINITY;
  #parts = 0;
  #cutBefore: CutPlace | null = null;
  readonly #open = new Set<Part>();
  #cut: Cut | null = null;
  /** The sound of the rows that a cut may yet fade from, and whether a part began with them. */
  readonly #sounds = new Map<number, { pcm: Float32Array; isFirst: boolean }>();
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

  /** Whether what is known of this row can be faded from, and made again. */
  canCut(row: number): boolean {
    return row < this.#given && row < this.#shortFrom;
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

  /** Gives what can be rendered by now. `steps` end it, or the next cut: of its row the sound before it is heard. */
  giveKnown(steps: number, next: CutPlace | null): void {
    const { until, needed } = next === null ? { until: steps, needed: steps } : heardOf(next);
    const { plan, rows } = this.#of;
    for (;;) {
      const begin = this.#given;
      const length =
        this.#cutBefore === null
          ? rowsOfStreamPart(this.#parts, plan)
          : rowsAfterCut(this.#parts, plan, this.#cutBefore);
      const end = Math.min(begin + length, steps);
      if (end <= begin || begin >= needed || rows.known < end + plan.behind) return;
      this.#given = end;
      this.#parts += 1;
      if (end < begin + length) this.#shortFrom = begin;
      // That of its first row: a change is heard from its own row on, and again where it is made again.
      while ((this.#grains[1]?.step ?? Number.POSITIVE_INFINITY) <= begin) this.#grains.shift();
      const { grain } = this.#grains[0]!;
      const part = { begin, end, until: Math.min(end, until), needed };
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

  /** What was given from this place on is taken back; what comes there fades in over what would have come. */
  cut(place: CutPlace, onSound: () => void): void {
    const { plan, rows } = this.#of;
    const { step, frame } = place;
    const { until, needed } = heardOf(place);
    for (const part of this.#open) {
      part.until = Math.min(part.until, until);
      part.needed = Math.min(part.needed, needed);
    }
    const { grain } = this.#grains.findLast((one) => one.step <= step)!;
    this.#grains = [{ step, grain }];
    const from = Math.max(0, step - plan.before);
    const codes = rows.grid(from, step + plan.behind);
    [this.#given, this.#parts, this.#cutBefore] = [step, 0, place];
    this.#shortFrom = Number.POSITIVE_INFINITY;
    this.#follow(async () => {
      const begin = (step - from) * plan.each;
      const fade = fadeOf(plan.each).frames;
      const row = this.#sounds.get(step);
      // A part that begins with the row is not always rendered by then, and another part has other roundings.
      const isKnown = row !== undefined && (frame > 0 || !row.isFirst);
      const old = isKnown
        ? row.pcm.subarray(0, (row.pcm.length / plan.each) * (frame + fade))
        : await this.#render(codes, grain, { from, begin, end: begin + fade, times: step - from + plan.behind });
      for (const known of this.#sounds.keys()) if (known >= step) this.#sounds.delete(known);
      this.#cut = { step, frame, old, onSound };
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
    if (part.needed <= begin) return;
    const pcm = await this.#render(codes, grain, {
      from,
      begin: (begin - from) * plan.each,
      end: (end - from) * plan.each,
      times: end - from + plan.behind,
    });
    if (isCancelled() || part.needed <= begin) return;
    let asBefore = 0;
    if (this.#cut?.step === begin) {
      const { frame, old, onSound } = this.#cut;
      this.#cut = null;
      asBefore = frame;
      const fade = (pcm.length / (end - begin) / plan.each) * frame;
      pcm.set(old.subarray(0, fade));
      pcm.set(changeOver(old.subarray(fade), pcm.subarray(fade, old.length)), fade);
      onSound();
    }
    const each = pcm.length / (end - begin);
    this.#keep(begin, pcm, each);
    if (part.until > begin) tell(begin, pcm.slice(0, each * (part.until - begin)), asBefore);
  }

  #keep(begin: number, pcm: Float32Array, each: number): void {
    for (let row = begin; (row - begin) * each < pcm.length; row++) {
      const at = (row - begin) * each;
      this.#sounds.set(row, { pcm: pcm.slice(at, at + each), isFirst: row === begin });
      this.#sounds.delete(row - this.#of.rows.kept);
    }
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

/** Rows that are told, and those whose sound is needed, where a cut follows. */
function heardOf({ step, frame }: CutPlace): Pick<Part, 'until' | 'needed'> {
  return { until: step, needed: frame > 0 ? step + 1 : step };
}
