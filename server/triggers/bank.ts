import {
  type Hit,
  limits,
  type PoolState,
  ProtocolError,
  type TriggerMap,
  type Underrun,
  type Understood,
} from '../../protocol/index.ts';
import type { Playback } from '../playback/playback.ts';
import type { Beats } from '../tempo/beats.ts';
import type { LogLine } from '../util/log-line.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import type { ClipGenerator } from './generator.ts';
import type { Headroom } from './headroom.ts';
import { type HeardPart, HitAudio } from './hit-audio.ts';
import { HitClips } from './hit-clips.ts';
import { MapPools, type MappedPool, poolState } from './map-pools.ts';
import { refuseTooMany } from './map-rules.ts';
import { isSoundOff, velocityOf } from './match.ts';
import { Player, type TriggerHit } from './player.ts';
import type { MidiEvents } from './sources.ts';

export interface BankOptions {
  generator: ClipGenerator;
  playback: () => Promise<Playback>;
  beats?: Beats;
  /** Keeps the maps; resolves when they are safe. */
  save: (maps: readonly TriggerMap[]) => Promise<void>;
  /** Says what went wrong where nobody waits for an answer. */
  log: LogLine;
  /** Bytes that all pools together may hold. */
  poolBytes?: number;
  /** 0..1, as Math.random. */
  random?: () => number;
  headroom?: Headroom;
}

/** What happens to triggers, whoever fires them. */
export type TriggerEvent =
  | { type: 'hit'; hit: Hit }
  | { type: 'pool'; pool: PoolState }
  /** A sound faded out because the rest of it was not made in time. */
  | { type: 'underrun'; underrun: Underrun }
  /** There are other maps now. */
  | { type: 'maps' }
  /** An OSC address was sent a velocity, 0 to 1, whatever its maps make of it. */
  | { type: 'struck'; address: string; velocity: number };

/** The maps of a server: how they are changed, and what happens when one is hit. */
export class TriggerBank {
  readonly #options: BankOptions;
  readonly #pools: MapPools;
  /** Maps of an earlier run that are not played here. */
  #saved: readonly TriggerMap[] = [];
  readonly #stop = new AbortController();
  readonly #clips: HitClips;
  readonly #player: Player;
  readonly #watchers = new Set<(event: TriggerEvent) => void>();
  #playback: Playback | null = null;
  /** Changes happen one after the other, the first after the maps of the run before are there. */
  readonly #changes = new SerialQueue();

  constructor(options: BankOptions) {
    this.#options = options;
    const { generator, beats, random, headroom } = options;
    const parts = { generator, signal: this.#stop.signal, playback: () => this.#playback! };
    const onUnderrun = (underrun: Underrun): void => this.#tell({ type: 'underrun', underrun });
    this.#clips = new HitClips(parts);
    this.#player = new Player({ ...parts, beats, random, headroom, onUnderrun }, this.#clips);
    this.#pools = new MapPools({
      generator,
      signal: this.#stop.signal,
      maxBytes: this.maxPoolBytes,
      prepared: (clip) => this.#clips.prepared(clip),
      release: (id) => this.#player.release(id),
      onChange: (pool) => this.#tell({ type: 'pool', pool }),
    });
  }

  get maps(): TriggerMap[] {
    const own = this.#pools.all;
    return [...this.#saved.filter(({ id }) => own.every(({ map }) => map.id !== id)), ...own.map(({ map }) => map)];
  }

  /** Only remembers the maps of an earlier run, for programs that play none: neither pools nor playback start. */
  remember(load: () => Promise<readonly TriggerMap[]>): Promise<void> {
    return this.#changes.run(async () => {
      this.#saved = await load();
    });
  }

  /** Hears every hit, and every change of a pool or of the maps. Returns the way to stop. */
  watch(watcher: (event: TriggerEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Throws unknown_map. */
  pools(id?: string): PoolState[] {
    return (id === undefined ? this.#pools.all : [this.#pools.get(id)]).map(poolState);
  }

  /** Bytes that all pools together hold. */
  get poolBytes(): number {
    return this.#pools.all.reduce((sum, { pool }) => sum + pool.bytes, 0);
  }

  get maxPoolBytes(): number {
    return this.#options.poolBytes ?? limits.poolBytes;
  }

  isMapped(address: string): boolean {
    return this.#pools.of(address).length > 0;
  }

  /** Maps of an earlier run; one whose voice or class is gone stays, and says so in its pool. */
  restore(load: () => Promise<readonly TriggerMap[]>): Promise<void> {
    return this.#changes.run(async () => {
      const maps = await load();
      if (maps.length === 0 || this.#stop.signal.aborted) return;
      this.#playback ??= await this.#options.playback();
      if (this.#stop.signal.aborted) return;
      for (const map of maps) this.#pools.put(map);
      this.#pools.share();
      this.#tell({ type: 'maps' });
    });
  }

  /** All or none; resolves with the names that were understood. Throws unknown_voice, unknown_class, bad_args or io_error. */
  set(maps: readonly TriggerMap[], replace = false): Promise<readonly Understood[]> {
    return this.#changes.run(async () => {
      const after = new Map(replace ? [] : this.maps.map((map) => [map.id, map]));
      for (const map of maps) after.set(map.id, map);
      refuseTooMany([...after.values()]);
      const understood: Understood[] = [];
      for (const map of maps) understood.push(...(await this.#options.generator.check(map)));
      if (this.#stop.signal.aborted) throw new ProtocolError('shutting_down');
      this.#playback ??= await this.#options.playback();
      if (replace) for (const { map } of this.#pools.all) if (!after.has(map.id)) this.#pools.drop(map.id);
      for (const map of maps) this.#pools.put(map);
      this.#pools.share();
      this.#tell({ type: 'maps' });
      await this.#options.save(this.maps);
      return understood;
    });
  }

  /** Another voice is active now: maps that name none get clips of it. */
  restock(): void {
    for (const { map } of this.#pools.all) if (map.voice === undefined) this.#pools.put(map, true);
  }

  get(id: string): TriggerMap {
    return this.#pools.get(id).map;
  }

  remove(id: string): Promise<void> {
    return this.#changes.run(async () => {
      this.#pools.drop(id);
      this.#pools.share();
      this.#tell({ type: 'maps' });
      await this.#options.save(this.maps);
    });
  }

  /** For a hit whose samples are heard elsewhere, too; `plays`: the output sounds all the same. */
  audio(plays: boolean, send: (part: HeardPart) => void): HitAudio {
    return new HitAudio(plays, send);
  }

  /** Plays a map, or ends what it holds when the velocity is 0. Throws unknown_map, pool_empty, or why none was made. */
  async fire(id: string, fire: TriggerHit): Promise<Hit | null> {
    return this.#fire(this.#pools.get(id), fire);
  }

  /**
   * Every map of an OSC address, in the order in which they were made. One that cannot play is told of in the log and
   * does not keep the others from it; where none can, throws why. Throws unknown_map.
   */
  async fireAddress(address: string, fire: TriggerHit): Promise<Hit[]> {
    const found = this.#pools.of(address);
    if (found.length === 0)
      throw new ProtocolError(
        'unknown_map',
        `nothing is mapped to ${address}; trigger.list lists the maps, and trigger.map adds one`,
      );
    this.#tell({ type: 'struck', address, velocity: fire.velocity });
    const ends = await Promise.allSettled(found.map((entry) => this.#fire(entry, fire)));
    const failed = ends.flatMap((end, i) => (end.status === 'rejected' ? [{ id: found[i]!.map.id, ...end }] : []));
    if (failed.length === ends.length) throw failed[0]!.reason;
    for (const { id, reason } of failed) this.#options.log('warn', `map ${id} could not play`, { err: reason });
    return ends.flatMap((end) => (end.status === 'fulfilled' && end.value !== null ? [end.value] : []));
  }

  /** How many hits are ended, of maps that are gone as well. Throws unknown_map. */
  stop(what: { voice?: number | undefined; id?: string | undefined }, fade: number): number {
    if (what.id !== undefined && !this.#player.holds(what.id)) this.#pools.get(what.id);
    return this.#player.stop(what, fade);
  }

  /** Lets a MIDI input fire maps. Returns the way to stop. */
  listen(midi: MidiEvents): () => void {
    return midi.on((event) => {
      if (isSoundOff(event)) this.#player.silence(event.channel);
      for (const entry of this.#pools.all) {
        const { source } = entry.map;
        const velocity = source === undefined ? null : velocityOf(source, event, entry.held);
        if (velocity === null) continue;
        // As soon as it can: an event's own time is past already, but it is what beats are waited for from.
        this.#fire(entry, { velocity, at: null, heard: event.at, wait: true }).catch((error: unknown) => {
          this.#options.log('warn', `map ${entry.map.id} could not play`, { err: error });
        });
      }
    });
  }

  close(): void {
    this.#stop.abort(new ProtocolError('cancelled', 'the maps are closed'));
    for (const { pool } of this.#pools.all) pool.close();
  }

  async #fire({ map, pool }: MappedPool, fire: TriggerHit): Promise<Hit | null> {
    const hit = await this.#player.hit(map, pool, fire);
    if (hit !== null) this.#tell({ type: 'hit', hit });
    return hit;
  }

  #tell(event: TriggerEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }
}
