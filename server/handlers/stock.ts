import { randomInt } from 'node:crypto';
import { limits, type TriggerMap } from '../../protocol/index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { JobOrder, Scheduler } from '../scheduler/scheduler.ts';
import type { ClipMaker, MadeClip } from '../triggers/bank.ts';
import { chooseClass } from './classes.ts';

export interface StockDeps {
  scheduler: Scheduler;
  catalog: Catalog;
  /** Hz of the output: clips are made at its rate. */
  rate: () => Promise<number>;
}

const OWNER = 'triggers';
/** Until a clip was timed: what one takes on a slow machine. */
const FIRST_GUESS_MS = 1500;

/** Clips for trigger maps, from the queue that everybody else's come from. */
export function createClipMaker({ scheduler, catalog, rate }: StockDeps): ClipMaker {
  let expected = FIRST_GUESS_MS;

  const order = async (map: TriggerMap, seed: number): Promise<JobOrder['clips'][number]> => {
    const voice = await catalog.find(map.voice);
    const { weights } = chooseClass(voice, map.class);
    return {
      ...{ voiceDir: voice.dir, classWeights: weights, seed, temperature: map.temperature, topK: 0, topP: 1 },
      ...{ rate: await rate(), previews: false },
    };
  };

  const make = async (
    map: TriggerMap,
    count: number,
    take: (clip: MadeClip) => void,
    signal: AbortSignal,
    patient: boolean,
  ): Promise<void> => {
    const seeds = Array.from({ length: count }, () => randomInt(0, limits.drawnSeedMax + 1));
    const clips = await Promise.all(seeds.map((seed) => order(map, seed)));
    signal.throwIfAborted();
    const onClip: JobOrder['onClip'] = async (index, { pcm, rate: hertz }) =>
      take({ pcm, rate: hertz, seed: seeds[index]! });
    await scheduler.submit({ owner: OWNER, clips, signal, patient, onClip }).done;
  };

  return {
    check: async (map) => void (await order(map, 0)),
    stock: (map, count, take, signal) => make(map, count, take, signal, true),
    async now(map, signal) {
      const begun = performance.now();
      let made: MadeClip | null = null;
      const take = (clip: MadeClip): void => {
        made = clip;
      };
      await make(map, 1, take, signal, false);
      // Rather too long than too short: a hit that was promised a clip of its own must not come late.
      const took = performance.now() - begun;
      expected = took > expected ? took : 0.8 * expected + 0.2 * took;
      return made!;
    },
    expectedMs: () => expected,
  };
}
