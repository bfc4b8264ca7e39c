/** When a part of a clip came, in ms since it was asked for, and the second of the clip that it begins with. */
interface Arrival {
  ms: number;
  second: number;
}

interface Measured {
  arrivals: readonly Arrival[];
  /** Milliseconds that making it took, and the seconds of its sound. */
  ms: number;
  seconds: number;
  /** Live clips that were made at the same time, itself included, on average. */
  beside: number;
  at: number;
}

/** A live clip on its way. */
export interface Tracked {
  /** A part came that begins at so many seconds of the clip. */
  part(second: number): void;
  /** Milliseconds that it must be held back now, so that none of its parts is late; as soon as its first one is there. */
  lead(): number;
  /** All of it is made, so many seconds; without, it tells nothing. */
  end(seconds?: number): void;
}

/** Clips that say how fast it goes: the latest, while they are no older than so many ms. */
const REMEMBERED = { clips: 4, ms: 30_000 };
/** Of the time there is, what live clips may be made in. */
const SHARE = 0.9;
/**
 * Before anything was measured: milliseconds to the first part, and those it is held back. The second takes half as long
 * and a little again, is to come before the first has sounded, and with a voice like the default one that is for 93 ms.
 */
const GUESS = { firstMs: 500, leadMs: (firstMs: number): number => Math.max(0, 0.65 * firstMs - 50) };
/**
 * Milliseconds that a part must come before it sounds: 20 in which the mixer would fade out, up to 11 of its block and 3
 * until its next turn, 3 that the resampler holds back, and a little for the way there.
 */
const MARGIN_MS = 45;
/** How much slower than the slowest of the latest the next one may be. */
const CAUTION = 1.2;
/** A first part that came so many times as fast, or as slowly, as another says no more of the rest: it may have waited. */
const MAX_RATIO = 2;

/**
 * How many clips this machine makes as fast as they sound, and how long a clip must be held back so that none of its
 * parts is late: measured on the latest ones. Side by side each takes as much longer as there are of them, at most.
 */
export class Headroom {
  readonly #now: () => number;
  #measured: Measured[] = [];
  #live = 0;
  /** Clip-milliseconds of all that were live so far. */
  #spent = 0;
  #spentAt = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get live(): number {
    return this.#live;
  }

  /** Live clips that may be made at once; one, while nothing is known. */
  get most(): number {
    const cost = Math.max(0, ...this.#recent().map(({ ms, seconds, beside }) => ms / beside / (seconds * 1000)));
    return cost === 0 ? 1 : Math.max(1, Math.floor(SHARE / cost));
  }

  /** Milliseconds to the first part of a clip that is asked for now, and those that it is to be held back then. */
  expected(): { firstMs: number; leadMs: number } {
    const recent = this.#recent();
    if (recent.length === 0) return { firstMs: GUESS.firstMs, leadMs: GUESS.leadMs(GUESS.firstMs) };
    const slower = ({ beside }: Measured): number => Math.max(1, (this.#live + 1) / beside);
    return {
      firstMs: Math.max(...recent.map((one) => one.arrivals[0]!.ms * slower(one))),
      leadMs: Math.max(...recent.map((one) => leadOf(one, slower(one)))),
    };
  }

  begin(): Tracked {
    this.#count(1);
    const begun = this.#now();
    const spentBefore = this.#spent;
    const arrivals: Arrival[] = [];
    let over = false;
    /** Live clips while this one was made so far, itself included, on average. */
    const besideBy = (now: number): number => {
      const spent = this.#spent + this.#live * (now - this.#spentAt) - spentBefore;
      return Math.max(1, spent / (now - begun));
    };
    return {
      part: (second) => void arrivals.push({ ms: this.#now() - begun, second }),
      lead: () => {
        const [first] = arrivals;
        if (first === undefined) return 0;
        // How fast it goes shows in its own first part; who has come since makes the rest slower.
        const company = Math.max(1, this.#live) / besideBy(this.#now());
        const recent = this.#recent();
        if (recent.length === 0) return GUESS.leadMs(first.ms * company);
        const slower = ({ arrivals: [known] }: Measured): number => within(first.ms / Math.max(1, known!.ms)) * company;
        return Math.max(...recent.map((one) => leadOf(one, slower(one))));
      },
      end: (seconds) => {
        if (over) return;
        over = true;
        const at = this.#now();
        const ms = at - begun;
        const beside = besideBy(at);
        this.#count(-1);
        if (seconds === undefined || arrivals.length === 0 || ms <= 0) return;
        this.#measured = [...this.#measured, { arrivals, ms, seconds, beside, at }].slice(-REMEMBERED.clips);
      },
    };
  }

  #recent(): Measured[] {
    const since = this.#now() - REMEMBERED.ms;
    return this.#measured.filter(({ at }) => at >= since);
  }

  #count(change: 1 | -1): void {
    const now = this.#now();
    this.#spent += this.#live * (now - this.#spentAt);
    this.#spentAt = now;
    this.#live += change;
  }
}

/** As long as a clip must be held back that is made so many times as slowly as this one. */
function leadOf({ arrivals: [first, ...rest] }: Measured, slower: number): number {
  const lateness = rest.map(({ ms, second }) => (ms - first!.ms) * slower * CAUTION - second * 1000 + MARGIN_MS);
  return Math.max(0, ...lateness);
}

function within(ratio: number): number {
  return Math.max(1 / MAX_RATIO, Math.min(MAX_RATIO, ratio));
}
