/** Renders; between two runs of a graph it awaits `giveWay`. */
export type Work = (giveWay: () => Promise<void>) => Promise<void>;

/** Milliseconds that others stand still for clips that begin: however many of those come, these are made. */
const MAX_HELD_MS = 200;

/**
 * Work of one rendering thread, one piece at a time: urgent work first, also between two graph runs of work that is
 * not urgent, which alone would delay a note by the time of a whole clip. While an urgent clip is about to start,
 * other work pauses, so that its first part finds no run in progress.
 */
export class RenderQueue {
  readonly #urgent: Work[] = [];
  readonly #others: Work[] = [];
  #running = false;
  #holds = 0;
  #wake: (() => void) | null = null;
  readonly #maxHeldMs: number;

  constructor(maxHeldMs = MAX_HELD_MS) {
    this.#maxHeldMs = maxHeldMs;
  }

  /** Work never rejects. */
  add(work: Work, urgent: boolean): void {
    (urgent ? this.#urgent : this.#others).push(work);
    this.#goOn();
  }

  /** An urgent clip begins. Returns what ends that. */
  hold(): () => void {
    this.#holds += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#holds -= 1;
      this.#goOn();
    };
  }

  #goOn(): void {
    this.#wake?.();
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#urgent.length + this.#others.length > 0) {
      await this.#giveWay();
      await this.#others.shift()?.(() => this.#giveWay());
    }
    this.#running = false;
  }

  /** All urgent work, and all that comes while urgent clips begin. */
  async #giveWay(): Promise<void> {
    const until = performance.now() + this.#maxHeldMs;
    for (;;) {
      const work = this.#urgent.shift();
      if (work !== undefined) {
        await work(() => Promise.resolve());
        continue;
      }
      const left = until - performance.now();
      if (this.#holds === 0 || left <= 0) return;
      await this.#news(left);
    }
  }

  #news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
