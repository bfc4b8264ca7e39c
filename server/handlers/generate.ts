import { randomInt } from 'node:crypto';
import { limits } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import { type GenerationDeps, generateClips } from '../generation/clip-job.ts';
import { seedsFrom } from '../generation/clip-plan.ts';
import { voiceClassOf } from '../generation/voice-class.ts';

/** `foley.generate`: finds the voice and the class; the rest is generation/clip-job.ts. */
export function generate(deps: GenerationDeps): Handler<'foley.generate'> {
  // Looking a voice up touches the disk and may take longer for one request than for the next: one after the other,
  // so that jobs are queued in the order in which requests arrived.
  let arrivals: Promise<unknown> = Promise.resolve();
  return async (context) => {
    const begun = performance.now();
    const { args } = context;
    const found = arrivals.then(() => deps.catalog.find(args.voice));
    arrivals = found.catch(() => undefined);
    const voice = await found;
    const voiceClass = voiceClassOf(voice, args);
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const takes = seedsFrom(seed, args.count).map((one) => ({ seed: one }));
    const { candidates } = args;
    return generateClips(deps, context, { ...voiceClass, args, begun, seed, takes, candidates });
  };
}
