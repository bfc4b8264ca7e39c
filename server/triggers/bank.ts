import { type Hit, limits, type PoolState, ProtocolError, type TriggerMap } from '../../protocol/index.ts';
import type { Playback, Played } from '../playback/playback.ts';
import { Pool, type ReadyClip } from './pool.ts';
import type { Beats, MidiEvent, MidiEvents } from './sources.ts';

/** Makes clips for maps; knows voices and the queue, which the bank does not. */
export interface ClipMaker {
  /** Throws unknown_voice or unknown_class where a map plays what is not there. */
  check(map: TriggerMap): Promise<void>;
  /** Clips that nobody waits for, one after the other. */
  stock(map: TriggerMap, count: number, take: (clip: MadeClip) => void, signal: AbortSignal): Promise<void>;
  /** One clip that somebody waits for. */
  now(map: TriggerMap, signal: AbortSignal): Promise<MadeClip>;
  /** Milliseconds that `now` takes, as far as is known. */
  expectedMs(): number;
}

export interface MadeClip {
  pcm: Float32Array;
  rate: number;
  seed: number;
}

export interface BankOptions {
  maker: ClipMaker;
  playback: () => Promise<Playback>;
  beats?: Beats;
  /** Keeps the maps; resolves when they are safe. */
  save: (maps: readonly TriggerMap[]) => Promise<void>;
  /** Says what went wrong where nobody waits for an answer. */
  onProblem: (message: string, error: unknown) => void;
}

/** What happens to triggers, whoever fires them. */
export type TriggerEvent = { type: 'hit'; hit: Hit } | { type: 'pool'; pool: PoolState };

interface Entry {
  map: TriggerMap;
  pool: Pool;
  /** Voices that sound or will. */
  sounding: Set<Played>;
  /** Controllers that stand at 64 or more, by channel. */
  high: Set<number>;
}

export interface Fire {
  velocity: number;
  /** Milliseconds since 1970; null is as soon as possible. */
  at: number | null;
  wait: boolean;
}

/** Room for what lies between the engine's last sample and its being scheduled. */
const MARGIN_MS = 60;
/** How far a clip that comes again is changed: in speed, which is pitch, and in loudness (dB). */
const AGAIN = { speed: 0.06, gain: 3 };

/** Maps, their pools, and what happens when one is hit. */
export class TriggerBank {
  readonly #options: BankOptions;
  /** In the order in which they were made: that is the order in which maps of one note sound. */
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  #playback: Playback | null = null;
  #saving: Promise<void> = Promise.resolve();
  readonly #watchers = new Set<(event: TriggerEvent) => void>();

  constructor(options: BankOptions) {
    this.#options = options;
  }

  get maps(): TriggerMap[] {
    return [...this.#entries.values()].map(({ map }) => map);
  }

  /** Hears every hit and every change of a pool. Returns the way to stop. */
  watch(watcher: (event: TriggerEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  pools(): PoolState[] {
    return [...this.#entries.values()].map(poolState);
  }

  isMapped(address: string): boolean {
    for (const { map } of this.#entries.values()) {
      if (map.source !== undefined && 'osc' in map.source && map.source.osc === address) return true;
    }
    return false;
  }

  /** Maps of an earlier run; one whose voice or class is gone stays, and says so in its pool. */
  async restore(maps: readonly TriggerMap[]): Promise<void> {
    if (maps.length === 0) return;
    this.#playback ??= await this.#options.playback();
    for (const map of maps) this.#put(map);
  }

  /** All or none. Throws unknown_voice, unknown_class, bad_args or io_error. */
  async set(maps: readonly TriggerMap[], replace = false): Promise<void> {
    const after = new Map(replace ? [] : this.maps.map((map) => [map.id, map]));
    for (const map of maps) after.set(map.id, map);
    const ready = [...after.values()].reduce((sum, map) => sum + map.ready, 0);
    if (after.size > limits.maps) throw new ProtocolError('bad_args', `there may be ${limits.maps} maps`);
    if (ready > limits.poolTotal) {
      const message = `args.ready: ${ready} clips would be kept ready by all maps, ${limits.poolTotal} may be`;
      throw new ProtocolError('bad_args', message, { path: 'args.ready' });
    }
    for (const map of maps) await this.#options.maker.check(map);
    this.#playback ??= await this.#options.playback();
    if (this.#stop.signal.aborted) throw new ProtocolError('shutting_down');
    if (replace) for (const id of this.#entries.keys()) if (!after.has(id)) this.#drop(id);
    for (const map of maps) this.#put(map);
    await this.#save();
  }

  /** Another voice is active now: maps that name none get clips of it. */
  restock(): void {
    for (const { map } of [...this.#entries.values()]) if (map.voice === undefined) this.#put(map, true);
  }

  get(id: string): TriggerMap {
    return this.#entry(id).map;
  }

  async remove(id: string): Promise<void> {
    this.#entry(id);
    this.#drop(id);
    await this.#save();
  }

  /** Plays a map, or ends what it holds when the velocity is 0. Throws unknown_map, pool_empty, or why none was made. */
  async fire(id: string, fire: Fire): Promise<Hit | null> {
    return this.#fire(this.#entry(id), fire);
  }

  /** Every map of an OSC address, in the order in which they were made. Throws unknown_map. */
  async fireAddress(address: string, fire: Fire): Promise<Hit[]> {
    const found = this.#of((source) => 'osc' in source && source.osc === address);
    if (found.length === 0) throw new ProtocolError('unknown_map', `nothing is mapped to ${address}`);
    const hits = await Promise.all(found.map((entry) => this.#fire(entry, fire)));
    return hits.filter((hit) => hit !== null);
  }

  /** How many sounds are ended. */
  stop(what: { voice?: number | undefined; id?: string | undefined }, fade: number): number {
    const entries = what.id === undefined ? [...this.#entries.values()] : [this.#entry(what.id)];
    let stopped = 0;
    for (const { sounding } of entries) {
      for (const { voice } of sounding) {
        if (what.voice === undefined || what.voice === voice) stopped += this.#playback?.stop(voice, fade) ? 1 : 0;
      }
    }
    return stopped;
  }

  /** Lets a MIDI input fire maps. Returns the way to stop. */
  listen(midi: MidiEvents): () => void {
    return midi.on((event) => {
      for (const { entry, velocity } of this.#hitBy(event)) {
        // As soon as it can: an event's own time is past already.
        this.#fire(entry, { velocity, at: null, wait: true }).catch((error: unknown) => {
          this.#options.onProblem(`map ${entry.map.id} could not play`, error);
        });
      }
    });
  }

  close(): void {
    this.#stop.abort();
    for (const { pool } of this.#entries.values()) pool.close();
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new ProtocolError('unknown_map', `no map is called ${id}`, { path: 'args.id' });
    return entry;
  }

  #of(is: (source: NonNullable<TriggerMap['source']>) => boolean): Entry[] {
    return [...this.#entries.values()].filter(({ map }) => map.source !== undefined && is(map.source));
  }

  #hitBy(event: MidiEvent): { entry: Entry; velocity: number }[] {
    const here = (source: { channel?: number | undefined }): boolean => {
      return source.channel === undefined || source.channel === event.channel;
    };
    switch (event.type) {
      case 'note': {
        const velocity = event.on ? event.velocity / 127 : 0;
        return this.#of((source) => 'note' in source && source.note === event.note && here(source)).map((entry) => {
          return { entry, velocity };
        });
      }
      case 'program': {
        const found = this.#of((source) => 'program' in source && source.program === event.program && here(source));
        return found.map((entry) => ({ entry, velocity: 1 }));
      }
      case 'cc': {
        const found = this.#of((source) => 'cc' in source && source.cc === event.controller && here(source));
        const high = event.value >= 64;
        const moved = found.filter((entry) => entry.high.has(event.channel) !== high);
        for (const { high: standing } of moved) high ? standing.add(event.channel) : standing.delete(event.channel);
        return moved.map((entry) => ({ entry, velocity: high ? event.value / 127 : 0 }));
      }
    }
  }

  #put(map: TriggerMap, anew = false): void {
    const before = this.#entries.get(map.id);
    if (before !== undefined && !anew && playsTheSame(before.map, map)) {
      before.map = map;
      return;
    }
    const pool = new Pool({
      ...{ want: map.ready, reuse: map.reuse },
      make: (count, take, signal) => {
        const both = AbortSignal.any([signal, this.#stop.signal]);
        return this.#options.maker.stock(map, count, (clip) => take(this.#prepared(clip)), both);
      },
    });
    const entry: Entry = before ?? { map, pool, sounding: new Set(), high: new Set() };
    before?.pool.close();
    Object.assign(entry, { map, pool });
    this.#entries.set(map.id, entry);
    pool.onChange = () => this.#tell({ type: 'pool', pool: poolState(entry) });
    pool.fill();
  }

  #drop(id: string): void {
    this.#entries.get(id)?.pool.close();
    this.#entries.delete(id);
  }

  #prepared({ pcm, rate, seed }: MadeClip): ReadyClip {
    return { sound: this.#playback!.prepare(pcm, rate), seed };
  }

  async #fire(entry: Entry, { velocity, at, wait }: Fire): Promise<Hit | null> {
    const playback = this.#playback!;
    const { map, pool } = entry;
    if (velocity <= 0) {
      if (map.mode !== 'shot') for (const { voice } of entry.sounding) playback.stop(voice, map.fadeOut);
      return null;
    }
    const begin = this.#begin(map, at, playback.now());
    const room = begin === null ? 0 : begin - playback.now();
    if (at !== null && room > this.#options.maker.expectedMs() + MARGIN_MS) {
      const made = await this.#options.maker.now(map, this.#stop.signal).catch(() => null);
      if (made !== null) {
        const clip = this.#prepared(made);
        pool.spend(clip);
        return this.#play(entry, clip, 'generated', velocity, begin);
      }
    }
    const taken = pool.take();
    if (taken !== null) return this.#play(entry, taken.clip, taken.again ? 'again' : 'pool', velocity, begin);
    if (!wait) throw new ProtocolError('pool_empty', `map ${map.id} has no clip ready yet`);
    const clip = this.#prepared(await this.#options.maker.now(map, this.#stop.signal));
    pool.spend(clip);
    return this.#play(entry, clip, 'generated', velocity, begin);
  }

  /** When it shall begin: the next beat it waits for, or the time that was asked for. Null is at once. */
  #begin({ quantise }: TriggerMap, at: number | null, now: number): number | null {
    return quantise > 0 ? (this.#options.beats?.next(quantise, at ?? now) ?? at) : at;
  }

  #play(entry: Entry, clip: ReadyClip, from: Hit['from'], velocity: number, at: number | null): Hit {
    const { map } = entry;
    const again = from === 'again';
    // What comes again comes a little different each time, or the ear hears a loop.
    const off = again ? Math.random() * 2 - 1 : 0;
    const gain = 10 ** ((map.gain - (again ? Math.random() * AGAIN.gain : 0)) / 20);
    const played = this.#playback!.play(clip.sound, {
      ...{ at, gain: gain * loudness(map.velocity, velocity), pan: map.pan, bus: map.bus },
      ...{ loop: map.mode === 'loop', length: map.length ?? null, fadeIn: map.fadeIn, fadeOut: map.fadeOut },
      ...{ choke: map.choke ?? null, speed: 1 + off * AGAIN.speed },
    });
    entry.sounding.add(played);
    void played.ended.then(() => entry.sounding.delete(played));
    const hit: Hit = {
      ...{ map: map.id, voice: played.voice, from, at: played.at, frame: played.frame, late: played.late },
      ...{ class: asLabel(map.class), seed: clip.seed },
    };
    this.#tell({ type: 'hit', hit });
    return hit;
  }

  #tell(event: TriggerEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  #save(): Promise<void> {
    const saved = this.#saving.then(() => this.#options.save(this.maps));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }
}

/** Amplitude of a hit: its velocity squared, as samplers do, as far as the map minds it. */
export function loudness(sensitivity: number, velocity: number): number {
  return 1 - sensitivity + sensitivity * velocity ** 2;
}

/** Whether the clips of one are what the other plays. */
function playsTheSame(a: TriggerMap, b: TriggerMap): boolean {
  const clips = ({ class: label, voice, temperature, ready, reuse }: TriggerMap): string => {
    return JSON.stringify([label, voice, temperature, ready, reuse]);
  };
  return clips(a) === clips(b);
}

function poolState({ map, pool }: Entry): PoolState {
  return { map: map.id, ...pool.state, ...pool.counts };
}

function asLabel(label: TriggerMap['class']): Hit['class'] {
  return typeof label === 'number' ? String(label) : label;
}
