import { type Hit, ProtocolError, type TriggerMap, type Underrun } from '../../protocol/index.ts';
import type { GrowingSound, Playback } from '../playback/playback.ts';
import type { Beats } from '../tempo/beats.ts';
import type { ClipPool, NewClip, PooledClip, ReadyClip } from './clip-pool.ts';
import type { ClipGenerator, ClipPart, GeneratedClip, LiveClip } from './generator.ts';
import { Headroom } from './headroom.ts';
import type { HitAudio } from './hit-audio.ts';
import { matchesChannel } from './match.ts';
import { type Note, Notes } from './notes.ts';

export interface TriggerHit {
  /** 0..1; 0 ends what a gate or a loop holds. */
  velocity: number;
  /** Milliseconds since 1970; null is as soon as possible. */
  at: number | null;
  /** Milliseconds since 1970 when it was hit, where that is known: a map that waits for a beat does so from then on. */
  heard?: number;
  /** With nothing that could sound: make a clip rather than fail. */
  wait: boolean;
  /** Hears the samples, too. */
  audio?: HitAudio | undefined;
}

export interface PlayerOptions {
  generator: ClipGenerator;
  playback: () => Playback;
  beats?: Beats | undefined;
  /** 0..1, as Math.random. */
  random?: (() => number) | undefined;
  /** Hears of each sound that faded out because the rest of it was not made in time. */
  onUnderrun?: ((underrun: Underrun) => void) | undefined;
  headroom?: Headroom | undefined;
  signal: AbortSignal;
}

/** Room for what lies between the engine's last sample and its being scheduled. */
const MARGIN_MS = 60;
/** Clips that are made for hits at one time: more would only be later, and keep everybody else's from being made. */
const MOST_MAKING = 8;
/** How far a clip that comes again is changed: in speed, which is pitch, in loudness (dB), and how much of its end is cut. */
const AGAIN = { speed: 0.06, gain: 3, cut: 0.15, fade: 0.03 };

/** What a hit plays, and when. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #random: () => number;
  readonly #notes = new Notes();
  readonly #headroom: Headroom;
  #making = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#headroom = options.headroom ?? new Headroom();
  }

  /**
   * Plays one map: with a time ahead that leaves room for it a clip that is made for this hit, else, or when that one
   * is not there in time, one of the pool. With none ready it begins to play one that is still being made, where the
   * voice and the machine can, or one again. Null for a note that ends, or has ended before it could sound. Throws
   * pool_empty, or why no clip could be made.
   */
  async hit(map: TriggerMap, pool: ClipPool, fire: TriggerHit): Promise<Hit | null> {
    const { velocity, at, wait } = fire;
    if (velocity <= 0) {
      await this.#end(map, at);
      return null;
    }
    const begin = this.#begin(map, fire);
    const note = this.#notes.begin(map, at);
    try {
      const own = at === null || begin === null ? null : await this.#inTime(map, pool, velocity, begin);
      if (own !== null) return this.#playOwn(note, pool, own, fire, begin);
      if (note.over) return null;
      const fresh = pool.take(velocity);
      if (fresh !== null) return this.#play(note, pool, fresh, 'pool', fire, begin);
      const live = wait && this.#mayLive(map, pool) ? await this.#live(note, pool, fire, begin) : null;
      if (live !== null || note.over) return live;
      const old = pool.again();
      if (old !== null) return this.#play(note, pool, old, 'again', fire, begin);
      if (!wait) throw new ProtocolError('pool_empty', `map ${map.id} has no clip ready yet`);
      const made = await this.#make(map, velocity);
      return this.#playOwn(note, pool, made, fire, this.#again(map, begin));
    } finally {
      if (note.played === null) this.#notes.drop(note);
    }
  }

  /** Ends what gates and loops of a map hold. */
  release(id: string): void {
    for (const note of this.#notes.held(id, Number.POSITIVE_INFINITY)) this.#endNote(note, note.map.fadeOut);
  }

  /** Whether anything of a map sounds or will. */
  holds(id: string): boolean {
    return this.#notes.of({ id }).length > 0;
  }

  /** How many hits are ended that sound or would have. */
  stop(what: { voice?: number | undefined; id?: string | undefined }, fade: number): number {
    return this.#notes.of(what).filter((note) => this.#endNote(note, fade)).length;
  }

  /** Ends all that maps play that hear this MIDI channel. */
  silence(channel: number): void {
    for (const note of this.#notes.of({}))
      if (matchesChannel(note.map.source, channel)) this.#endNote(note, note.map.fadeOut);
  }

  prepared({ pcm, rate, seed, temperature, guidance }: GeneratedClip): NewClip {
    const sound = this.#options.playback().prepare(pcm, rate);
    return { sound, pcm: sound.pcm ?? pcm, rate, seed, temperature, guidance };
  }

  /** A note's end has its time too: what begins later goes on. */
  async #end(map: TriggerMap, at: number | null): Promise<void> {
    const ahead = at === null ? 0 : at - this.#options.playback().now();
    if (ahead > 0) await after(ahead, this.#options.signal);
    const by = at ?? this.#options.playback().now();
    for (const note of this.#notes.held(map.id, by)) this.#endNote(note, map.fadeOut);
  }

  #endNote(note: Note, fade: number): boolean {
    if (note.played !== null) return this.#options.playback().stop(note.played.voice, fade);
    const ends = !note.over;
    note.over = true;
    return ends;
  }

  /** When it shall begin: the next beat it waits for, or the time that was asked for. Null is at once. */
  #begin({ quantise }: TriggerMap, { at, heard }: TriggerHit): number | null {
    const { beats, playback } = this.#options;
    return quantise > 0 ? (beats?.next(quantise, at ?? heard ?? playback().now()) ?? at) : at;
  }

  /** The beat for a clip that was made past the one it was for. */
  #again({ quantise }: TriggerMap, begin: number | null): number | null {
    const { beats, playback } = this.#options;
    const now = playback().now();
    return quantise > 0 && begin !== null && begin < now ? (beats?.next(quantise, now) ?? begin) : begin;
  }

  /** A clip of its own, where there is room for one before `begin`. One that comes later stays for the next hit. */
  async #inTime(map: TriggerMap, pool: ClipPool, velocity: number, begin: number): Promise<ReadyClip | null> {
    const { generator, playback, signal } = this.#options;
    const room = begin - playback().now() - MARGIN_MS;
    // Those that are being made share the engine.
    if (this.#making >= MOST_MAKING || room <= generator.expectedMs() * (this.#making + 1)) return null;
    const making = this.#make(map, velocity);
    const over = new AbortController();
    const late = after(room, AbortSignal.any([over.signal, signal])).then(() => null);
    const clip = await Promise.race([making.catch(() => null), late]);
    over.abort();
    if (clip === null) void making.then((made) => pool.add(made)).catch(() => undefined);
    return clip;
  }

  /** Whether the machine has room for one more live clip and, where another could be played again, it would sound soon enough. */
  #mayLive({ liveWithin }: TriggerMap, pool: ClipPool): boolean {
    if (this.#headroom.live >= this.#headroom.most) return false;
    const { firstMs, leadMs } = this.#headroom.expected();
    return !pool.canRepeat || firstMs + leadMs <= liveWithin * 1000;
  }

  /** Plays a clip that is still being made; null where its voice cannot, or its note has ended. */
  async #live(note: Note, pool: ClipPool, fire: TriggerHit, begin: number | null): Promise<Hit | null> {
    const { map } = note;
    const { velocity, audio } = fire;
    const { generator, playback, signal } = this.#options;
    const tracked = this.#headroom.begin();
    let sound: GrowingSound | null = null;
    let first = (_: GrowingSound): void => undefined;
    const begun = new Promise<GrowingSound>((resolve) => {
      first = resolve;
    });
    const hear = ({ offset, total, rate, pcm }: ClipPart): void => {
      tracked.part(offset / rate);
      sound ??= playback().grow(rate, { seconds: total / rate });
      sound.add(pcm);
      audio?.part({ offset, total, rate, pcm });
      first(sound);
    };
    let clip: LiveClip | null;
    try {
      clip = await generator.live(map, temperatureOf(map, velocity), hear, signal);
    } catch (error) {
      tracked.end();
      throw error;
    }
    if (clip === null) {
      tracked.end();
      return null;
    }
    const made = clip.done
      .then((whole) => {
        sound?.end();
        tracked.end(whole.pcm.length / whole.rate);
        return { ...this.prepared(whole), level: velocity };
      })
      .finally(() => {
        tracked.end();
        audio?.end();
      });
    const growing = await Promise.race([begun, made.then(() => begun)]);
    await growing.ready;
    // Its hit is answered already: what happens to the rest is heard, and told as an underrun.
    made
      .then((ready) => (note.over && note.played === null ? pool.add(ready) : pool.keep(ready)))
      .catch(() => undefined);
    const lead = this.#headroom.lead();
    if (lead > 0 && (begin === null || begin < playback().now() + lead)) {
      // Held back until none of its parts will be late, as far as is known; not once all of it is made.
      const over = new AbortController();
      await Promise.race([after(lead, AbortSignal.any([over.signal, signal])), made.catch(() => undefined)]);
      over.abort();
    }
    if (note.over) return null;
    const { seed, temperature, guidance } = clip;
    const at = this.#liveBegin(map, begin);
    const heard: ReadyClip = { sound: growing, pcm: null, rate: 0, seed, temperature, guidance, level: velocity };
    pool.live();
    const hit = this.#play(note, pool, { clip: heard, again: false }, 'live', fire, at);
    void note.played!.ended.then((ending) => {
      if (ending !== 'starved') return;
      pool.underrun();
      const seconds = Math.max(0, Math.min(growing.seconds, (playback().now() - hit.at) / 1000));
      this.#options.onUnderrun?.({ map: map.id, voice: hit.voice, seed, seconds, of: growing.seconds });
    });
    return begin === null ? hit : { ...hit, late: Math.max(0, hit.at - begin) };
  }

  /** The time that was asked for, if it is still to come, or the next beat, for a map that waits for one; null is at once. */
  #liveBegin({ quantise }: TriggerMap, begin: number | null): number | null {
    const { beats, playback } = this.#options;
    const now = playback().now();
    if (begin !== null && begin >= now) return begin;
    return quantise > 0 ? (beats?.next(quantise, now) ?? null) : null;
  }

  async #make(map: TriggerMap, velocity: number): Promise<ReadyClip> {
    const { generator, signal } = this.#options;
    if (this.#making >= MOST_MAKING) {
      const message = `map ${map.id} has no clip ready yet, and ${MOST_MAKING} are being made for hits already`;
      throw new ProtocolError('pool_empty', message);
    }
    this.#making += 1;
    try {
      const made = await generator.now(map, temperatureOf(map, velocity), signal);
      return { ...this.prepared(made), level: velocity };
    } finally {
      this.#making -= 1;
    }
  }

  #playOwn(note: Note, pool: ClipPool, clip: ReadyClip, fire: TriggerHit, begin: number | null): Hit | null {
    if (note.over) {
      pool.add(clip);
      return null;
    }
    pool.spend(clip);
    return this.#play(note, pool, { clip, again: false }, 'generated', fire, begin);
  }

  #play(
    note: Note,
    pool: ClipPool,
    { clip, again }: PooledClip,
    from: Hit['from'],
    { velocity, audio }: TriggerHit,
    at: number | null,
  ): Hit {
    const { map } = note;
    const { speed, gain, length, fadeOut } = again ? this.#changed(map, clip) : asItIs(map);
    const loud = gain * amplitudeOf(map.velocity, velocity);
    const loop = map.mode === 'loop';
    audio?.begin({ gain: loud, speed, length, fadeIn: map.fadeIn, fadeOut, loop });
    if (audio !== undefined && clip.pcm !== null) {
      audio.part({ offset: 0, total: clip.pcm.length, rate: clip.rate, pcm: clip.pcm });
      audio.end();
    }
    const played = this.#options.playback().play(clip.sound, {
      at,
      // Silent rather than not played: so it chokes, holds and stops as any hit.
      gain: audio?.plays === false ? 0 : loud,
      pan: map.pan,
      bus: map.bus,
      loop,
      length,
      fadeIn: map.fadeIn,
      fadeOut,
      choke: map.choke ?? null,
      speed,
    });
    this.#notes.sounds(note, played);
    const { seed, temperature, guidance } = clip;
    return {
      map: map.id,
      voice: played.voice,
      from,
      at: played.at,
      frame: played.frame,
      late: played.late,
      class: asLabel(map.class),
      seed,
      temperature,
      guidance,
      remaining: pool.state.ready,
    };
  }

  /** What comes again comes a little different each time, or the ear hears a loop. */
  #changed(map: TriggerMap, { sound }: ReadyClip): ReturnType<typeof asItIs> {
    const plain = asItIs(map);
    const speed = 1 + (this.#random() * 2 - 1) * AGAIN.speed;
    const gain = plain.gain * 10 ** ((-this.#random() * AGAIN.gain) / 20);
    // A loop's length is its rhythm.
    if (map.mode === 'loop') return { ...plain, speed, gain };
    const whole = Math.min(plain.length ?? sound.seconds, sound.seconds);
    const length = whole * (1 - this.#random() * AGAIN.cut);
    return { speed, gain, length, fadeOut: Math.max(plain.fadeOut, AGAIN.fade) };
  }
}

function asItIs(map: TriggerMap): { speed: number; gain: number; length: number | null; fadeOut: number } {
  return { speed: 1, gain: 10 ** (map.gain / 20), length: map.length ?? null, fadeOut: map.fadeOut };
}

/** Amplitude of a hit: its velocity squared, as samplers do, as far as the map minds it. */
export function amplitudeOf(sensitivity: number, velocity: number): number {
  return 1 - sensitivity + sensitivity * velocity ** 2;
}

/** Temperature of the clips that hits so hard play. */
export function temperatureOf({ temperature, softTemperature = temperature }: TriggerMap, velocity: number): number {
  return softTemperature + (temperature - softTemperature) * velocity;
}

function asLabel(label: TriggerMap['class']): Hit['class'] {
  return typeof label === 'number' ? String(label) : label;
}

/** Resolves after so many milliseconds, or when there is no more need to wait. */
function after(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
