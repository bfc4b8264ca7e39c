import { type PoolState, ProtocolError, type TriggerMap } from '../../protocol/index.ts';
import { eitherSignal } from '../util/either-signal.ts';
import { ClipPool } from './clip-pool.ts';
import type { ClipGenerator, GeneratedClip } from './generator.ts';
import type { HitClips } from './hit-clips.ts';
import { isHeldOtherwise, playsTheSame } from './map-rules.ts';
import { temperatureOf } from './rendition.ts';

export interface MapPoolsOptions {
  generator: ClipGenerator;
  /** No clip is made any more once it aborts. */
  signal: AbortSignal;
  /** Bytes that all pools together may hold. */
  maxBytes: number;
  prepared: HitClips['prepared'];
  /** Ends the sounds that a map holds. */
  release: (id: string) => void;
  onChange: (pool: PoolState) => void;
}

/** A map and the clips that are ready for it. */
export interface MappedPool {
  map: TriggerMap;
  pool: ClipPool;
  /** The last value of its controller on each channel where it is down. */
  held: Map<number, number>;
}

/** The pool of clips of each map, and how they share memory. */
export class MapPools {
  readonly #options: MapPoolsOptions;
  /** In the order in which they were made: that is the order in which maps of one note sound. */
  readonly #entries = new Map<string, MappedPool>();
  /** Clips that all maps together keep ready. */
  #wanted = 0;

  constructor(options: MapPoolsOptions) {
    this.#options = options;
  }

  get all(): MappedPool[] {
    return [...this.#entries.values()];
  }

  /** Throws unknown_map. */
  get(id: string): MappedPool {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      const message = `there is no map ${id}; trigger.list lists the maps, and trigger.map adds one`;
      throw new ProtocolError('unknown_map', message, { path: 'args.id' });
    }
    return entry;
  }

  /** Those that an OSC address plays. */
  of(address: string): MappedPool[] {
    return this.all.filter(({ map: { source } }) => {
      return source !== undefined && 'osc' in source && source.osc === address;
    });
  }

  /** `anew`: with other clips, although the map asks for the same. */
  put(map: TriggerMap, anew = false): void {
    const before = this.#entries.get(map.id);
    if (before !== undefined && isHeldOtherwise(before.map, map)) {
      // Nothing would end it later.
      this.#options.release(map.id);
      before.held.clear();
    }
    if (before !== undefined && !anew && playsTheSame(before.map, map)) {
      before.map = map;
      return;
    }
    before?.pool.close();
    this.#wanted += map.ready - (before?.map.ready ?? 0);
    const entry: MappedPool = { map, pool: this.#newPool(map), held: before?.held ?? new Map() };
    this.#entries.set(map.id, entry);
    entry.pool.onChange = () => this.#options.onChange(poolState(entry));
    entry.pool.fill();
  }

  drop(id: string): void {
    const entry = this.get(id);
    entry.pool.close();
    this.#wanted -= entry.map.ready;
    this.#entries.delete(id);
    this.#options.release(id);
  }

  /** With other maps each has another share. */
  share(): void {
    for (const { pool } of this.all) {
      pool.trim();
      pool.fill();
    }
  }

  #newPool(map: TriggerMap): ClipPool {
    return new ClipPool({
      want: map.ready,
      reuse: map.reuse,
      spread: map.softTemperature !== undefined,
      budget: () => this.#budget(map.ready),
      make: async (levels, take, signal, hurried) => {
        const both = eitherSignal(signal, this.#options.signal);
        const temperatures = levels.map((level) => temperatureOf(map, level));
        const taken = (clip: GeneratedClip): void => take(this.#options.prepared(clip));
        await this.#options.generator.generate(map, temperatures, taken, both.signal, hurried).finally(both.release);
      },
    });
  }

  /** Bytes are shared by how many clips each map keeps ready. */
  #budget(ready: number): number {
    return (this.#options.maxBytes * ready) / this.#wanted;
  }
}

export function poolState({ map, pool }: MappedPool): PoolState {
  return { map: map.id, ...pool.state, ...pool.counts };
}
