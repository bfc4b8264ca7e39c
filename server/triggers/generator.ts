import type { TriggerMap, Understood } from '../../protocol/index.ts';

/** What makes a clip of a map again. */
export interface Drawn {
  seed: number;
  temperature: number;
  guidance: number;
  /** Events a second; none where its map has none. */
  density?: number;
}

export interface GeneratedClip extends Drawn {
  pcm: Float32Array;
  rate: number;
}

/** Of a clip, and of what else has all of it. */
export function drawnOf({ seed, temperature, guidance, density }: Drawn): Drawn {
  return { seed, temperature, guidance, ...(density === undefined ? {} : { density }) };
}

/** Samples of a clip that is still being made, from sample `offset` of `total` on. */
export interface ClipPart {
  offset: number;
  total: number;
  rate: number;
  pcm: Float32Array;
}

/** A clip that is being made. */
export interface LiveClip extends Drawn {
  /** Rejects with the reason when it is not made. */
  done: Promise<GeneratedClip>;
}

/** Makes clips for maps; knows voices and the queue, which triggers do not. */
export interface ClipGenerator {
  /**
   * What of the map's names was understood as a class that is called otherwise. Throws unknown_voice or unknown_class
   * where a map plays what is not there.
   */
  check(map: TriggerMap): Promise<readonly Understood[]>;
  /** A clip for each temperature, that nobody waits for, handed over in this order. `hurried`: the next hits may need them. */
  generate(
    map: TriggerMap,
    temperatures: readonly number[],
    take: (clip: GeneratedClip) => void,
    signal: AbortSignal,
    hurried: boolean,
  ): Promise<void>;
  /** One clip that somebody waits for. */
  now(map: TriggerMap, temperature: number, signal: AbortSignal): Promise<GeneratedClip>;
  /** Milliseconds that `now` takes, as far as is known. */
  expectedMs(): number;
  /** As `now`, but hands over all of the clip's samples as they are made. Null where the map's voice cannot. */
  live(
    map: TriggerMap,
    temperature: number,
    hear: (part: ClipPart) => void,
    signal: AbortSignal,
  ): Promise<LiveClip | null>;
}
