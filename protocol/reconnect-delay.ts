const MAX_MS = 5000;

/** The pause before each further try to connect: it doubles from `firstMs` to 5 s, and can be cut short. */
export class ReconnectDelay {
  readonly #firstMs: number;
  #nextMs: number;
  #end: (() => void) | null = null;

  constructor(firstMs: number) {
    [this.#firstMs, this.#nextMs] = [firstMs, Math.min(MAX_MS, firstMs)];
  }

  /** Waits; longer each time. */
  async wait(): Promise<void> {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(MAX_MS, ms * 2);
    await this.pause(ms);
  }

  /** Waits so many milliseconds, whatever came before. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends a wait that is going on. */
  cut(): void {
    this.#end?.();
  }

  /** There is a connection: the next wait is the first again. */
  reset(): void {
    this.#nextMs = Math.min(MAX_MS, this.#firstMs);
  }
}
