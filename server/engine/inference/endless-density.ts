import type { DensityContours } from './density.ts';

/** What decides the contour of a stream's rows, from which row on. */
interface Course {
  step: number;
  classWeights: readonly number[];
  /** Events a second; null where no contour is followed. */
  density: number | null;
}

/** Rows that a stream can go back over, and more: what held before them is forgotten, or hours of changes would pile up. */
const HELD = 4096;

/** The loudness contour of a stream with a density: a function of the row, by what holds from there on. */
export class EndlessDensity {
  readonly #contours: Pick<DensityContours, 'from'>;
  readonly #each: number;
  /** By step. */
  #courses: Course[];

  /** @param each mel frames of a row */
  constructor(contours: Pick<DensityContours, 'from'>, { each, ...first }: Omit<Course, 'step'> & { each: number }) {
    this.#contours = contours;
    this.#each = each;
    this.#courses = [{ step: 0, ...first }];
  }

  /** From this row on, in place of what was to hold there. Returns whether the contour is another one then. */
  set(step: number, { classWeights, density }: { classWeights: readonly number[]; density?: number | null }): boolean {
    const before = this.#courses.at(-1)!;
    const next = { step, classWeights, density: density === undefined ? before.density : density };
    if (next.density === null && before.density === null) return false;
    if (next.density === before.density && next.classWeights === before.classWeights) return false;
    this.#courses = [...this.#courses.filter((one) => one.step < step), next];
    return true;
  }

  /** Of a window that begins with this row; undefined where none is followed, as by a class whose sounds have no events. */
  async contour(origin: number): Promise<Float32Array | undefined> {
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

  async #course({ classWeights, density }: Course, origin: number): Promise<Float32Array | undefined> {
    return density === null ? undefined : this.#contours.from(origin * this.#each, classWeights, density);
  }
}
