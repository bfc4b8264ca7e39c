import type { Mapping } from './clock.ts';

/** What the mixing thread reports after each block. */
export interface Status extends Mapping {
  frontier: number;
  latency: number;
  xruns: number;
}

const fields = ['frame', 'ms', 'framesPerMs', 'frontier', 'latency', 'xruns'] as const;

export const createShared = (): SharedArrayBuffer => new SharedArrayBuffer(8 + fields.length * 8);

/** Numbers read by another thread without waiting; a counter, odd while they change, keeps them of one moment. */
export class SharedStatus {
  readonly #count: Int32Array;
  readonly #values: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#count = new Int32Array(buffer, 0, 1);
    this.#values = new Float64Array(buffer, 8);
  }

  write(status: Status): void {
    Atomics.add(this.#count, 0, 1);
    fields.forEach((field, i) => {
      this.#values[i] = status[field];
    });
    Atomics.add(this.#count, 0, 1);
  }

  read(): Status {
    for (;;) {
      const before = Atomics.load(this.#count, 0);
      const values = [...this.#values];
      if (before % 2 === 0 && Atomics.load(this.#count, 0) === before) {
        return Object.fromEntries(fields.map((field, i) => [field, values[i]])) as unknown as Status;
      }
    }
  }
}
