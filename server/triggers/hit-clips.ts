import { ProtocolError, type TriggerMap } from '../../protocol/index.ts';
import type { Playback } from '../playback/playback.ts';
import { pause } from '../util/pause.ts';
import type { ClipPool, NewClip, ReadyClip } from './clip-pool.ts';
import { type ClipGenerator, drawnOf, type GeneratedClip } from './generator.ts';
import { temperatureOf } from './rendition.ts';

/** Room for what lies between the engine's last sample and its being scheduled. */
const MARGIN_MS = 60;
/** Clips that are made for hits at one time: more would only be later, and keep everybody else's from being made. */
const MAX_RUNNING = 8;

export interface HitClipsOptions {
  generator: ClipGenerator;
  playback: () => Playback;
  signal: AbortSignal;
}

/** Clips that are made for one hit, a few at a time. */
export class HitClips {
  readonly #options: HitClipsOptions;
  #making = 0;

  constructor(options: HitClipsOptions) {
    this.#options = options;
  }

  /** Throws pool_empty where too many are being made, or why it could not be made. */
  async make(map: TriggerMap, velocity: number): Promise<ReadyClip> {
    const { generator, signal } = this.#options;
    if (this.#making >= MAX_RUNNING) {
      const message = `map ${map.id} has no clip ready yet, and ${MAX_RUNNING} are being made for hits already; try again`;
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

  /** One where there is room for it before `begin`, else null. One that comes later stays in the pool for the next hit. */
  async inTime(map: TriggerMap, pool: ClipPool, velocity: number, begin: number): Promise<ReadyClip | null> {
    const { generator, playback, signal } = this.#options;
    const room = begin - playback().now() - MARGIN_MS;
    // Those that are being made share the engine.
    if (this.#making >= MAX_RUNNING || room <= generator.expectedMs() * (this.#making + 1)) return null;
    const making = this.make(map, velocity);
    const over = new AbortController();
    const late = pause(room, over.signal, signal).then(() => null);
    const clip = await Promise.race([making.catch(() => null), late]);
    over.abort();
    if (clip === null) void making.then((made) => pool.add(made)).catch(() => undefined);
    return clip;
  }

  /** In the form that the output plays. */
  prepared(clip: GeneratedClip): NewClip {
    const { pcm, rate } = clip;
    const sound = this.#options.playback().prepare(pcm, rate);
    return { sound, pcm: sound.pcm ?? pcm, rate, ...drawnOf(clip) };
  }
}
