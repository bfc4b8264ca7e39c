import { ProtocolError } from '../../protocol/index.ts';
import type { Prepared } from '../playback/playback.ts';
import type { Drawn } from './generator.ts';

/** A clip that can sound at once. */
export interface ReadyClip extends Drawn {
  sound: Prepared;
  /** Its samples at `rate` Hz, for who hears them elsewhere; null of one that is still being made. */
  pcm: Float32Array | null;
  rate: number;
  /** How hard the hits are that it is for, 0..1. */
  level: number;
}

export type NewClip = Omit<ReadyClip, 'level'>;

function bytesOf({ sound, pcm }: NewClip): number {
  return sound.bytes + (pcm === null || pcm === sound.pcm ? 0 : pcm.byteLength);
}

export interface ClipPoolOptions {
  /** Clips that shall be ready. */
  want: number;
  /** Ready clips are played in turn and stay. */
  reuse: boolean;
  /** Clips are for soft and hard hits, evenly; without, all are for any. */
  spread?: boolean;
  /** Bytes that ready and played clips may hold together. */
  budget: () => number;
  /**
   * Makes one clip for each level and hands them over in this order; resolves when all are there. Rejects with the
   * reason when it gives up; what was handed over before stays. `hurried`: fewer than half of the clips are ready.
   */
  make(levels: readonly number[], take: (clip: NewClip) => void, signal: AbortSignal, hurried: boolean): Promise<void>;
}

export interface PooledClip {
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
export class ClipPool {
  readonly #options: ClipPoolOptions;
  /** One for each clip that shall be ready. */
  readonly #levels: readonly number[];
  readonly #ready: ReadyClip[] = [];
  /** Played, the latest last; as many as shall be ready. */
  readonly #played: ReadyClip[] = [];
  /** Levels that were asked for. */
  readonly #coming: number[] = [];
  readonly #stop = new AbortController();
  /** Bytes of the largest clip so far. */
  #largest = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #problem: string | null = null;
  readonly counts = { played: 0, starved: 0, live: 0, underruns: 0 };
  /** Hears of every change. */
  onChange: () => void = () => undefined;

  constructor(options: ClipPoolOptions) {
    this.#options = options;
    const { want, spread = false } = options;
    this.#levels = Array.from({ length: want }, (_, i) => (spread && want > 1 ? i / (want - 1) : 1));
  }

  get state(): { ready: number; want: number; coming: number; problem: string | null } {
    const { want } = this.#options;
    const small = this.#fits() < want ? `there is room for ${this.#fits()} of its clips only` : null;
    const problem = this.#problem ?? small;
    return { ready: this.#ready.length, want, coming: this.#coming.length, problem };
  }

  /** Never more than the budget. */
  get bytes(): number {
    return [...this.#ready, ...this.#played].reduce((sum, clip) => sum + bytesOf(clip), 0);
  }

  /** The fresh clip to play now, that which is meant for hits like this one first; null where none is ready. */
  take(velocity: number): PooledClip | null {
    const clip = this.#pick(velocity);
    if (clip !== null && this.#options.reuse) this.#ready.push(clip);
    else if (clip !== null) this.#remember(clip);
    // Counted before it is told.
    const taken = clip === null ? null : this.#count({ clip, again: false });
    this.#refill();
    return taken;
  }

  /** The one that was played longest ago, to be played again; null where none was. */
  again(): PooledClip | null {
    const old = this.#played.shift();
    if (old === undefined) return null;
    this.#played.push(old);
    return this.#count({ clip: old, again: true });
  }

  get canRepeat(): boolean {
    return this.#played.length > 0;
  }

  /** A clip sounds that is still being made; `keep` takes it once it is. */
  live(): void {
    this.counts.played += 1;
    this.counts.live += 1;
    this.onChange();
  }

  /** A clip that was heard while it was made comes again should nothing fresh be there later. */
  keep(clip: ReadyClip): void {
    this.#seen(clip);
    if (!this.#stop.signal.aborted) this.#remember(clip);
  }

  /** The rest of a live clip was not there in time. */
  underrun(): void {
    this.counts.underruns += 1;
    this.onChange();
  }

  /** A clip that was made for a hit was played. It comes again should nothing fresh be there later. */
  spend(clip: ReadyClip): void {
    this.#seen(clip);
    this.#remember(clip);
    this.#count({ clip, again: false });
  }

  /** A clip that was made for a hit and not played waits for the next one, where there is room. */
  add(clip: ReadyClip): void {
    this.#seen(clip);
    if (this.#stop.signal.aborted || this.#ready.length >= this.#fits()) return;
    const near = (best: number, level: number): number =>
      Math.abs(level - clip.level) < Math.abs(best - clip.level) ? level : best;
    this.#ready.push({ ...clip, level: this.#levels.reduce(near) });
    this.trim();
    this.onChange();
  }

  /** Asks for what is missing. */
  fill(): void {
    this.#refill(false);
  }

  /** Lets go of what is over the budget: what was played first. */
  trim(): void {
    const budget = this.#options.budget();
    let bytes = this.bytes;
    while (bytes > budget) {
      const gone = this.#played.shift() ?? this.#ready.pop();
      if (gone === undefined) return;
      bytes -= bytesOf(gone);
    }
  }

  close(): void {
    this.#stop.abort(new ProtocolError('cancelled', 'the map was changed or removed'));
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#ready.length = 0;
    this.#played.length = 0;
  }

  #refill(tell = true): void {
    const levels = this.#retry !== null || this.#stop.signal.aborted ? [] : this.#missing();
    if (levels.length > 0) this.#ask(levels);
    if (levels.length > 0 || tell) this.onChange();
  }

  #missing(): number[] {
    const there = [...this.#ready.map(({ level }) => level), ...this.#coming];
    const room = this.#fits() - there.length;
    const missing = this.#levels.filter((level) => {
      const at = there.indexOf(level);
      if (at >= 0) there.splice(at, 1);
      return at < 0;
    });
    return missing.slice(0, Math.max(0, room));
  }

  #ask(levels: readonly number[]): void {
    this.#coming.push(...levels);
    const left = [...levels];
    const take = (clip: NewClip): void => {
      const level = left.shift();
      if (level === undefined || this.#stop.signal.aborted) return;
      this.#coming.splice(this.#coming.indexOf(level), 1);
      this.#failures = 0;
      this.#problem = null;
      this.#seen(clip);
      if (this.#ready.length < this.#fits()) this.#ready.push({ ...clip, level });
      this.trim();
      this.onChange();
    };
    const hurried = 2 * this.#ready.length < this.#options.want;
    this.#options.make(levels, take, this.#stop.signal, hurried).then(
      () => this.#settled(left, null),
      (error: unknown) => this.#settled(left, error),
    );
  }

  /** How many clips may be ready: with less room than for two of each, there is still one left to come again. */
  #fits(): number {
    const { want, budget } = this.#options;
    if (this.#largest === 0) return want;
    const room = Math.floor(budget() / this.#largest);
    return room === 0 ? 0 : Math.min(want, Math.max(1, room - 1));
  }

  #seen(clip: NewClip): void {
    this.#largest = Math.max(this.#largest, bytesOf(clip));
  }

  #pick(velocity: number): ReadyClip | null {
    const off = ({ level }: ReadyClip): number => Math.abs(level - velocity);
    let best = 0;
    for (let i = 1; i < this.#ready.length; i++) if (off(this.#ready[i]!) < off(this.#ready[best]!)) best = i;
    return this.#ready.splice(best, 1)[0] ?? null;
  }

  #remember(clip: ReadyClip): void {
    this.#played.push(clip);
    if (this.#played.length > this.#options.want) this.#played.shift();
    this.trim();
  }

  #count(taken: PooledClip): PooledClip {
    this.counts.played += 1;
    if (taken.again) this.counts.starved += 1;
    return taken;
  }

  #settled(left: readonly number[], error: unknown): void {
    for (const level of left) this.#coming.splice(this.#coming.indexOf(level), 1);
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
