import { type Beats, beatAt, nextBeat, type Timeline } from './beats.ts';

/** An update of a host's transport; absent fields stay unchanged. */
export interface TransportUpdate {
  playing: boolean;
  /** Beats a minute. */
  tempo?: number | undefined;
  /** Beats since the song's beginning at `at`. */
  beat?: number | undefined;
  /** Seconds after which the song stands, unless another word comes: a host that crashed says no last one. */
  lasts?: number | undefined;
}

export interface TransportState {
  playing: boolean;
  /** Beats a minute; null where nobody counts. */
  tempo: number | null;
  /** Beats since the song's beginning, now; null where nobody counts. */
  beat: number | null;
  /** Who counts: a client that told its transport, or the MIDI input whose clock is followed. */
  source: string | null;
}

/** The clock that applies while no client sends its transport. */
export interface FallbackClock extends Beats {
  /** Its device, and beats a minute. */
  info(): { clock: string | null; tempo: number | null };
  /** Beats since the song's beginning. */
  position(at: number): number | null;
}

const TEMPO = 120;

/**
 * Song position and tempo as a client sends them (a plugin, a script, a patch); extrapolated until its next update.
 * While it plays it counts the beats; otherwise a MIDI clock does, if one runs.
 */
export class HostTransport implements Beats {
  readonly #other: FallbackClock;
  #timeline: Timeline = { at: 0, beat: 0, msPerBeat: 60_000 / TEMPO };
  /** Milliseconds since 1970 until which it plays. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(other: FallbackClock) {
    this.#other = other;
  }

  /** `at`: milliseconds since 1970 when this is so, ahead or past. */
  set({ playing, tempo, beat, lasts = Number.POSITIVE_INFINITY }: TransportUpdate, at: number): void {
    const stood = Math.min(at, this.#until);
    const was = stood > this.#timeline.at ? beatAt(this.#timeline, stood) : this.#timeline.beat;
    const msPerBeat = tempo === undefined ? this.#timeline.msPerBeat : 60_000 / tempo;
    this.#timeline = { at, beat: beat ?? was, msPerBeat };
    this.#until = playing ? at + lasts * 1000 : Number.NEGATIVE_INFINITY;
  }

  next(quantise: number, after: number): number | null {
    return after <= this.#until ? nextBeat(this.#timeline, quantise, after) : this.#other.next(quantise, after);
  }

  /** `now`: milliseconds since 1970. */
  state(now: number): TransportState {
    if (now <= this.#until) {
      const { msPerBeat } = this.#timeline;
      return { playing: true, tempo: 60_000 / msPerBeat, beat: beatAt(this.#timeline, now), source: 'client' };
    }
    const { clock, tempo } = this.#other.info();
    return { playing: clock !== null, tempo, beat: this.#other.position(now), source: clock };
  }
}
