import { type Mapping, toFrame, toMs } from './clock.ts';
import type { FromMixer, ToMixer } from './messages.ts';
import type { Ending } from './mixer-voice.ts';
import { readOptions, within } from './options.ts';
import type { GrowingSound, GrowOptions, Played, PlayOptions, Prepared } from './playback.ts';

/** Interface to the mixer, which runs in another thread or offline. */
export interface MixerConnection {
  readonly rate: number;
  readonly channels: number;
  post(message: ToMixer): void;
  mapping(): Mapping;
  /** The first frame at which a voice can still begin. */
  frontier(): number;
  now(): number;
}

interface Entry {
  frame: number;
  at: number;
  late: number;
  asked: number | null;
  called: number;
  pauses: number;
  resolve: (ending: Ending) => void;
}

/** How far ahead a voice may be scheduled. */
const HORIZON_MS = 3_600_000;
const STOP_FADE = 0.01;

/** A sound that the mixer has, or will have when it is resampled. */
export class Sound implements Prepared {
  readonly id: number;
  readonly frames: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly ready: Promise<void>;
  declare readonly pcm?: Float32Array;

  constructor(id: number, frames: number, rate: number, ready: Promise<void>, pcm?: Float32Array) {
    this.id = id;
    this.frames = frames;
    this.seconds = frames / rate;
    this.bytes = frames * Float32Array.BYTES_PER_ELEMENT;
    this.ready = ready;
    if (pcm !== undefined) this.pcm = pcm;
  }
}

/** Seconds that are kept of a sound without end: far more than it is made ahead. */
const ENDLESS_KEPT = 30;

/** Takes the next part of a sound, or what comes in place of its samples from `from` on. */
export type PassPart = (pcm: Float32Array, last: boolean, from?: number) => void;

/** A sound that the mixer plays while it is made. Its parts go to `pass` at the rate they come in. */
export class PartialSound extends Sound implements GrowingSound {
  readonly #pass: PassPart;
  readonly #begun: () => void;
  #ended = false;

  constructor(
    id: number,
    rate: number,
    { seconds, waits = false }: GrowOptions,
    post: (message: ToMixer) => void,
    pass: PassPart,
  ) {
    let begun = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      begun = resolve;
    });
    super(id, seconds === null ? Number.POSITIVE_INFINITY : Math.round(seconds * rate), rate, ready);
    this.#begun = begun;
    this.#pass = pass;
    post({ type: 'grow', sound: id, frames: Math.min(this.frames, ENDLESS_KEPT * rate), waits });
  }

  add(pcm: Float32Array, from?: number): void {
    // A copy: it goes to another thread, and one sample that is no number would silence everything.
    if (!this.#ended)
      this.#pass(
        pcm.map((x) => (Number.isFinite(x) ? x : 0)),
        false,
        from,
      );
  }

  /** A part has come to the mixer. */
  arrived(frames: number): void {
    if (frames > 0) this.#begun();
  }

  end(): void {
    if (!this.#ended) this.#pass(new Float32Array(0), true);
    this.#ended = true;
  }
}

/** All playing voices, until they end. */
export class Voices {
  readonly #host: MixerConnection;
  readonly #open = new Map<number, Entry>();
  #drawn = 0;
  /** Hears how long each voice took from the call to being scheduled, in ms. */
  onPlaced: ((ms: number) => void) | null = null;

  constructor(host: MixerConnection) {
    this.#host = host;
  }

  get open(): number {
    return this.#open.size;
  }

  play(sound: Prepared, options: PlayOptions = {}): Played {
    const host = this.#host;
    const voice = ++this.#drawn;
    const now = host.now();
    const wanted = options.at ?? null;
    const asked = wanted === null || !Number.isFinite(wanted) ? null : Math.min(wanted, now + HORIZON_MS);
    const frontier = host.frontier();
    const mapping = host.mapping();
    const frame = asked === null ? frontier : Math.max(frontier, Math.round(toFrame(mapping, asked)));
    let resolve: Entry['resolve'] = () => undefined;
    const ended = new Promise<Ending>((done) => {
      resolve = done;
    });
    const entry: Entry = {
      frame,
      at: toMs(mapping, frame),
      late: 0,
      asked,
      called: performance.timeOrigin + performance.now(),
      pauses: 0,
      resolve,
    };
    this.#settle(entry, frame, mapping);
    const played: Played = {
      voice,
      get at() {
        return entry.at;
      },
      get frame() {
        return entry.frame;
      },
      get late() {
        return entry.late;
      },
      get pauses() {
        return entry.pauses;
      },
      ended,
    };
    if (!(sound instanceof Sound)) {
      resolve('stopped');
      return played;
    }
    this.#open.set(voice, entry);
    const spec = readOptions(options, { frames: sound.frames, rate: host.rate, buses: Math.ceil(host.channels / 2) });
    host.post({ type: 'play', sound: sound.id, spec: { id: voice, start: frame, ...spec } });
    return played;
  }

  stop(voice: number, fade?: number): boolean {
    if (!this.#open.has(voice)) return false;
    this.#host.post({ type: 'stop', voice, fade: this.#fade(fade) });
    return true;
  }

  stopAll(fade?: number): void {
    this.#host.post({ type: 'stopAll', fade: this.#fade(fade) });
  }

  hear(message: FromMixer): void {
    if (message.type === 'placed') {
      const entry = this.#open.get(message.voice);
      if (entry === undefined) return;
      if (message.frame !== entry.frame) this.#settle(entry, message.frame);
      this.onPlaced?.(message.ms - entry.called);
    } else if (message.type === 'paused') {
      const entry = this.#open.get(message.voice);
      if (entry !== undefined) entry.pauses += 1;
    } else if (message.type === 'ended') {
      const entry = this.#open.get(message.voice);
      this.#open.delete(message.voice);
      entry?.resolve(message.ending);
    }
  }

  /** Nothing sounds any more. */
  endAll(): void {
    for (const { resolve } of this.#open.values()) resolve('stopped');
    this.#open.clear();
  }

  #fade(seconds?: number): number {
    return Math.round(within(seconds, STOP_FADE, 0.002, 60) * this.#host.rate);
  }

  #settle(entry: Entry, frame: number, mapping = this.#host.mapping()): void {
    entry.frame = frame;
    entry.at = toMs(mapping, frame);
    // Half a frame is no lateness: times fall between frames.
    const late = entry.asked === null ? 0 : entry.at - entry.asked;
    entry.late = late * mapping.framesPerMs > 0.75 ? late : 0;
  }
}
