import type { DensityContours } from './density.ts';

/** What decides the contour of a stream's rows, from which row on: levels, a density, or neither. */
interface Course {
  step: number;
  classWeights: readonly number[];
  /** Events a second; null where none are asked for. */
  density: number | null;
  /** Levels in dB of the mel frames from row `since` on, the last of them of all later ones; null where none are given. */
  levels: Float32Array | null;
  since: number;
}

/** A change of it: levels take the place of a density, and a density, null too, that of levels. */
export interface CourseChange {
  classWeights: readonly number[];
  density?: number | null;
  levels?: Float32Array;
}

/** Rows that a stream can go back over, and more: what held before them is forgotten, or hours of changes would pile up. */
const HELD = 4096;

/** The loudness contour that a stream follows: a function of the row, by what holds from there on. */
export class EndlessContour {
  readonly #contours: Pick<DensityContours, 'from'>;
  readonly #each: number;
  readonly #frames: number;
  /** By step. */
  #courses: Course[];

  /** @param of each: mel frames of a row; frames: those of a window */
  constructor(contours: Pick<DensityContours, 'from'>, of: { each: number; frames: number }, first: CourseChange) {
    this.#contours = contours;
    this.#each = of.each;
    this.#frames = of.frames;
    const none = { step: 0, classWeights: first.classWeights, density: null, levels: null, since: 0 };
    this.#courses = [changed(none, 0, first)];
  }

  /** From this row on, in place of what was to hold there. Returns whether the contour is another one then. */
  set(step: number, change: CourseChange): boolean {
    const before = this.#courses.at(-1)!;
    const next = changed(before, step, change);
    if (next.levels === before.levels && next.density === before.density) {
      // What is given is the same for every class.
      if (next.levels !== null || next.density === null || next.classWeights === before.classWeights) return false;
    }
    this.#courses = [...this.#courses.filter((one) => one.step < step), next];
    return true;
  }

  /** Of a window that begins with this row; undefined where none is followed, as by a class whose sounds have no events. */
  async window(origin: number): Promise<Float32Array | undefined> {
    this.#courses.splice(
      0,
      this.#courses.findLastIndex(({ step }) => step <= origin - HELD),
    );
    const courses = this.#courses.slice(this.#courses.findLastIndex(({ step }) => step <= origin));
    const out = await this.#course(courses.at(-1)!, origin);
    if (out === undefined) return undefined;
    for (const [i, { step }] of courses.slice(1).entries()) {
      const levels = await this.#course(courses[i]!, origin);
      const from = Math.max(0, (courses[i]!.step - origin) * this.#each);
      if (levels !== undefined) out.set(levels.subarray(from, (step - origin) * this.#each), from);
    }
    return out;
  }

  async #course({ classWeights, density, levels, since }: Course, origin: number): Promise<Float32Array | undefined> {
    if (levels === null)
      return density === null ? undefined : this.#contours.from(origin * this.#each, classWeights, density);
    const begin = (origin - since) * this.#each;
    return Float32Array.from(
      { length: this.#frames },
      (_, frame) => levels[Math.min(levels.length - 1, Math.max(0, begin + frame))]!,
    );
  }
}

function changed(before: Course, step: number, { classWeights, density, levels }: CourseChange): Course {
  if (levels !== undefined) return { step, classWeights, density: null, levels, since: step };
  if (density !== undefined) return { step, classWeights, density, levels: null, since: step };
  return { ...before, step, classWeights };
}
