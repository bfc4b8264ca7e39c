import type { Prepared } from '../playback/playback.ts';

/** A clip that can sound at once. */
export interface ReadyClip {
  sound: Prepared;
  seed: number;
}

export interface PoolOptions {
  /** Clips that shall be ready. */
  want: number;
  /** Ready clips are played in turn and stay. */
  reuse: boolean;
  /**
   * Makes clips and hands each over; resolves when all are there. Rejects with the reason when it gives up; what was
   * handed over before stays.
   */
  make(count: number, take: (clip: ReadyClip) => void, signal: AbortSignal): Promise<void>;
  /** Milliseconds; tests give their own. */
  now?: () => number;
}

export interface Taken {
  clip: ReadyClip;
  /** It was played before. */
  again: boolean;
}

/** After a failure the next try waits, longer each time. */
const RETRY = { first: 500, most: 30_000 };

/**
 * Clips of one map that wait to be played. One that was played is not played again while fresh ones are there; when
 * there are none, those played last come again rather than silence. What is taken is made anew behind it.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #ready: ReadyClip[] = [];
  /** Played, the latest last; as many as shall be ready. */
  readonly #played: ReadyClip[] = [];
  readonly #stop = new AbortController();
  #coming = 0;
  #turn = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #problem: string | null = null;
  readonly counts = { played: 0, starved: 0 };
  /** Hears of every change. */
  onChange: () => void = () => undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get state(): { ready: number; want: number; coming: number; problem: string | null } {
    return { ready: this.#ready.length, want: this.#options.want, coming: this.#coming, problem: this.#problem };
  }

  get bytes(): number {
    return [...this.#ready, ...this.#played].reduce((sum, { sound }) => sum + sound.bytes, 0);
  }

  /** A clip to play now; null where there never was one. */
  take(): Taken | null {
    if (this.#options.reuse) {
      const clip = this.#ready[this.#turn++ % Math.max(1, this.#ready.length)];
      if (clip !== undefined) return this.#count({ clip, again: false });
    }
    const clip = this.#ready.shift();
    if (clip !== undefined) {
      this.spend(clip);
      this.fill();
      return this.#count({ clip, again: false });
    }
    this.fill();
    // The one that was played longest ago.
    const old = this.#played.shift();
    if (old === undefined) return null;
    this.#played.push(old);
    return this.#count({ clip: old, again: true });
  }

  /** Remembers a clip that was made for a hit, should nothing fresh be there later. */
  spend(clip: ReadyClip): void {
    this.#played.push(clip);
    if (this.#played.length > this.#options.want) this.#played.shift();
  }

  /** Asks for what is missing. */
  fill(): void {
    const missing = this.#options.want - this.#ready.length - this.#coming;
    if (missing <= 0 || this.#stop.signal.aborted || this.#retry !== null) return;
    this.#coming += missing;
    let left = missing;
    const take = (clip: ReadyClip): void => {
      if (this.#stop.signal.aborted || left === 0) return;
      left -= 1;
      this.#coming -= 1;
      this.#failures = 0;
      this.#problem = null;
      this.#ready.push(clip);
      this.onChange();
    };
    this.#options.make(missing, take, this.#stop.signal).then(
      () => this.#settled(left, null),
      (error: unknown) => this.#settled(left, error),
    );
    this.onChange();
  }

  close(): void {
    this.#stop.abort();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#ready.length = 0;
    this.#played.length = 0;
  }

  #count(taken: Taken): Taken {
    this.counts.played += 1;
    if (taken.again) this.counts.starved += 1;
    return taken;
  }

  #settled(left: number, error: unknown): void {
    this.#coming -= left;
    if (this.#stop.signal.aborted) return;
    if (error === null) {
      this.fill();
      return;
    }
    this.#problem = error instanceof Error ? error.message : String(error);
    const wait = Math.min(RETRY.most, RETRY.first * 2 ** this.#failures++);
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.fill();
    }, wait);
    this.#retry.unref();
    this.onChange();
  }
}
