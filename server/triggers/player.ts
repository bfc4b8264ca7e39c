import { type Hit, ProtocolError, type TriggerMap, type Underrun } from '../../protocol/index.ts';
import type { GrowingSound, Playback } from '../playback/playback.ts';
import type { Beats } from '../tempo/beats.ts';
import { pause } from '../util/pause.ts';
import type { ClipPool, PooledClip, ReadyClip } from './clip-pool.ts';
import { type ClipGenerator, type ClipPart, drawnOf, type LiveClip } from './generator.ts';
import { Headroom } from './headroom.ts';
import type { HitAudio } from './hit-audio.ts';
import type { HitClips } from './hit-clips.ts';
import { matchesChannel } from './match.ts';
import { type Note, Notes } from './notes.ts';
import { amplitudeOf, asItIs, changed, temperatureOf } from './rendition.ts';
import { StartTimes } from './start-times.ts';

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

/** What a hit plays, and when. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #random: () => number;
  readonly #notes = new Notes();
  readonly #headroom: Headroom;
  readonly #clips: HitClips;
  readonly #starts: StartTimes;

  constructor(options: PlayerOptions, clips: HitClips) {
    this.#options = options;
    this.#clips = clips;
    this.#starts = new StartTimes(() => options.playback().now(), options.beats);
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
    const begin = this.#starts.asked(map, fire);
    const note = this.#notes.begin(map, at);
    try {
      const own = at === null || begin === null ? null : await this.#clips.inTime(map, pool, velocity, begin);
      if (own !== null) return this.#playOwn(note, pool, own, fire, begin);
      if (note.over) return null;
      const fresh = pool.take(velocity);
      if (fresh !== null) return this.#play(note, pool, fresh, 'pool', fire, begin);
      const live = wait && this.#mayLive(map, pool) ? await this.#live(note, pool, fire, begin) : null;
      if (live !== null || note.over) return live;
      const old = pool.again();
      if (old !== null) return this.#play(note, pool, old, 'again', fire, begin);
      if (!wait) throw new ProtocolError('pool_empty', `map ${map.id} has no clip ready yet; try again, or set wait`);
      const made = await this.#clips.make(map, velocity);
      return this.#playOwn(note, pool, made, fire, this.#starts.next(map, begin));
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

  /** A note's end has its time too: what begins later goes on. */
  async #end(map: TriggerMap, at: number | null): Promise<void> {
    const ahead = at === null ? 0 : at - this.#options.playback().now();
    if (ahead > 0) await pause(ahead, this.#options.signal);
    const by = at ?? this.#options.playback().now();
    for (const note of this.#notes.held(map.id, by)) this.#endNote(note, map.fadeOut);
  }

  #endNote(note: Note, fade: number): boolean {
    if (note.played !== null) return this.#options.playback().stop(note.played.voice, fade);
    const ends = !note.over;
    note.over = true;
    return ends;
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
        return { ...this.#clips.prepared(whole), level: velocity };
      })
      .finally(() => {
        tracked.end();
        audio?.end();
      });
    // A clip may fail before its first part, or before that is long enough to be resampled to anything. It may also be done
    // before its first part is resampled; then there is nothing to play yet.
    const unlessItFails = <T>(awaited: Promise<T>): Promise<T> => Promise.race([awaited, made.then(() => awaited)]);
    const growing = await unlessItFails(begun);
    await unlessItFails(growing.ready);
    // Its hit is answered already: what happens to the rest is heard, and told as an underrun.
    made
      .then((ready) => (note.over && note.played === null ? pool.add(ready) : pool.keep(ready)))
      .catch(() => undefined);
    const lead = tracked.lead();
    if (lead > 0 && (begin === null || begin < playback().now() + lead)) {
      // Held back until none of its parts will be late, as far as is known; not once all of it is made.
      const over = new AbortController();
      await Promise.race([pause(lead, over.signal, signal), made.catch(() => undefined)]);
      over.abort();
    }
    if (note.over) return null;
    const at = this.#starts.live(map, begin);
    const heard: ReadyClip = { sound: growing, pcm: null, rate: 0, ...drawnOf(clip), level: velocity };
    pool.live();
    const hit = this.#play(note, pool, { clip: heard, again: false }, 'live', fire, at);
    void note.played!.ended.then((ending) => {
      if (ending !== 'starved') return;
      pool.underrun();
      const seconds = Math.max(0, Math.min(growing.seconds, (playback().now() - hit.at) / 1000));
      this.#options.onUnderrun?.({ map: map.id, voice: hit.voice, seed: hit.seed, seconds, of: growing.seconds });
    });
    return begin === null ? hit : { ...hit, late: Math.max(0, hit.at - begin) };
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
    const { speed, gain, length, fadeOut } = again ? changed(map, clip.sound.seconds, this.#random) : asItIs(map);
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
    return {
      map: map.id,
      voice: played.voice,
      from,
      at: played.at,
      frame: played.frame,
      late: played.late,
      class: asLabel(map.class),
      ...drawnOf(clip),
      remaining: pool.state.ready,
    };
  }
}

function asLabel(label: TriggerMap['class']): Hit['class'] {
  return typeof label === 'number' ? String(label) : label;
}
