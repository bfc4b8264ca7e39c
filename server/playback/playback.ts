/** What the rest of the server sees of playback. Nothing here, or below it, knows of any protocol or of the engine. */

/** A sound made ready for the output: resampled to its rate, once, before anybody plays it. */
export interface Prepared {
  /** Seconds at the output's rate. */
  readonly seconds: number;
  /** Bytes it holds. */
  readonly bytes: number;
  /** Its samples, which the thread that mixes shares; absent where they were resampled for it. */
  readonly pcm?: Float32Array;
}

/** A sound that can be played before all of it is there. */
export interface GrowingSound extends Prepared {
  /** Resolves when the first of its samples can be played. */
  readonly ready: Promise<void>;
  /** The next samples at the rate it was opened with, or those in place of what was added from number `from` on. */
  add(pcm: Float32Array, from?: number): void;
  /** No other samples will come; without, a voice that has played all there is has starved. */
  end(): void;
}

export interface GrowOptions {
  /** Seconds it will last at most; null if it goes on without end. */
  seconds: number | null;
  /** A voice that has played all there is waits for more; otherwise it ends with a fade. */
  waits?: boolean;
}

export interface PlayOptions {
  /** When its first sample sounds: milliseconds since 1970, with fractions; null for as soon as possible. */
  at?: number | null;
  /** Linear. */
  gain?: number;
  /** -1 (left) .. 1 (right), equal power. */
  pan?: number;
  /** Over and over, until it is stopped. */
  loop?: boolean;
  /** Where in the sound it begins, and how long it lasts at most, in seconds of the sound. */
  offset?: number;
  length?: number | null;
  /** Seconds. */
  fadeIn?: number;
  fadeOut?: number;
  /** Speed, pitch with it: 1 as it is, 2 an octave up. */
  speed?: number;
  /** A new sound of a group ends the others of it. */
  choke?: string | null;
  /** Index of the output's pair of channels. */
  bus?: number;
}

export interface Played {
  readonly voice: number;
  /** Milliseconds since 1970 at which the first sample sounds, as far as the clock knows. */
  readonly at: number;
  /** The frame of the output it is, since the output began. */
  readonly frame: number;
  /** Milliseconds it came too late for `at`; 0 when in time or when none was asked for. */
  readonly late: number;
  /** Resolves when it has sounded, was stopped or stolen, or faded out because the rest was not there in time. Never rejects. */
  readonly ended: Promise<'played' | 'stopped' | 'stolen' | 'choked' | 'starved'>;
  /** How often it had to wait for more of a sound that grows. */
  readonly pauses: number;
}

export interface PlaybackInfo {
  state: 'running' | 'headless' | 'failed' | 'closed';
  /** Name of the device; null when there is none. */
  device: string | null;
  /** Why there is no device, where there is none. */
  problem: string | null;
  rate: number;
  channels: number;
  /** Seconds from scheduling to the output, as the system tells. */
  latency: number;
  /** Voices that sound or wait for their time, and how many there may be. */
  voices: { active: number; most: number };
  xruns: number | null;
}

export interface Playback {
  info(): PlaybackInfo;
  /** Milliseconds since 1970 by the output's own clock: what is played at this time sounds now. */
  now(): number;
  /** Mono PCM, -1..1, at `rate` Hz. */
  prepare(pcm: Float32Array, rate: number): Prepared;
  /** A sound of so many Hz that comes in parts. */
  grow(rate: number, options: GrowOptions): GrowingSound;
  /** Never throws for being late or full: the oldest or quietest voice makes room. */
  play(sound: Prepared, options?: PlayOptions): Played;
  /** Ends a voice with a short fade; false when it is not there any more. */
  stop(voice: number, fade?: number): boolean;
  stopAll(fade?: number): void;
  close(): Promise<void>;
}
