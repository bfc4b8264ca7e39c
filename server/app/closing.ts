import type { LogLine } from '../util/log-line.ts';

/** Closes parts of the server, each within its time: one that hangs is named in the log and left. */
export class Closing {
  readonly #ms: number;
  readonly #log: LogLine;

  /** @param ms that a part may take, unless it is given another time */
  constructor(ms: number, log: LogLine) {
    this.#ms = ms;
    this.#log = log;
  }

  /** What closing rejects with is thrown. */
  async part(name: string, closed: Promise<unknown>, ms = this.#ms): Promise<void> {
    if (!(await within(closed, ms))) this.#log('warn', 'part of the server did not close in time', { part: name });
  }

  /** Whether work ends within so many milliseconds and the time of a part. */
  async isDone(work: Promise<unknown>, ms: number): Promise<boolean> {
    return within(work, ms + this.#ms);
  }
}

/** Whether something ends within so many milliseconds. What it rejects with is thrown. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
