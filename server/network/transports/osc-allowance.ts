export interface OscAllowanceOptions {
  /** Bytes of answers that may go out at once, and for nothing. */
  burst: number;
  /** More of them per second, for nothing. */
  perSecond: number;
  /** More of them per byte that came in. */
  perByte: number;
  /** Addresses that are remembered. */
  most?: number;
  /** Milliseconds; tests give their own. */
  now?: () => number;
}

/**
 * Bounds what an address is sent by what it sends: whoever forges its address in small requests can not have it flooded
 * with large answers. Ends of accepted jobs always go out and may put the address into debt; while it is in debt,
 * progress is left out and further requests are refused. So in any window an address that was sent much gets at most
 * `burst` + `perSecond` * seconds + `perByte` * bytes in, and the ends of what was accepted before.
 */
export class OscAllowance {
  readonly #options: Required<OscAllowanceOptions>;
  /** By recency, the oldest first. */
  readonly #known = new Map<string, { left: number; at: number }>();

  constructor(options: OscAllowanceOptions) {
    this.#options = { most: 1024, now: () => performance.now(), ...options };
  }

  /** Bytes came in. */
  earn(address: string, bytes: number): void {
    this.#change(address, bytes * this.#options.perByte);
  }

  /** Bytes went out. */
  spend(address: string, bytes: number): void {
    this.#change(address, -bytes);
  }

  inDebt(address: string): boolean {
    return this.#change(address, 0) < 0;
  }

  #change(address: string, by: number): number {
    const { burst, perSecond, most, now } = this.#options;
    const at = now();
    const known = this.#known.get(address) ?? { left: burst, at };
    const left = Math.min(burst, known.left + ((at - known.at) / 1000) * perSecond + by);
    this.#known.delete(address);
    this.#known.set(address, { left, at });
    const oldest = this.#known.keys().next();
    if (this.#known.size > most && !oldest.done) this.#known.delete(oldest.value);
    return left;
  }
}
