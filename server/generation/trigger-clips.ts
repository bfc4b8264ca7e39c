/** Clips for pads: those of pools as patient jobs, those of a hit at once, by the queue that everybody else's come from. */
import { randomInt } from 'node:crypto';
import { limits, POOL_CANDIDATES, type TriggerMap } from '../../protocol/index.ts';
import type { JobOrder, Scheduler } from '../dispatch/scheduler.ts';
import type { EngineResult } from '../engine/engine.ts';
import { isTimeMajor } from '../engine/inference/code-grid.ts';
import type { ClipGenerator, ClipPart, Drawn, GeneratedClip, LiveClip } from '../triggers/generator.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import { Chooser, type ClipRanker } from './candidates.ts';
import { resolveClass, weightsOf } from './class-weights.ts';
import { gridOf } from './code-grid.ts';
import { checkDensity } from './followed.ts';
import { modelOf, orderOf, understoodOf, type VoiceClass, voiceClassOf } from './voice-class.ts';

export interface TriggerClipDeps {
  scheduler: Scheduler;
  ranker: ClipRanker;
  catalog: Catalog;
  /** Hz of the output: clips are made at its rate. */
  rate: () => Promise<number>;
  /** Milliseconds; tests give their own. */
  now?: () => number;
}

const OWNER = 'triggers';
/** Until a clip was timed: what one takes on a slow machine. */
const FIRST_GUESS_MS = 1500;

/** A slow clip is forgotten so: its weight is halved each time. */
const FORGET_MS = 20_000;

/** Throws as `voiceClassOf` does, and bad_args where the voice draws no contours for the map's density. */
function classOf(voice: Voice, map: TriggerMap): VoiceClass {
  const voiceClass = voiceClassOf(voice, map);
  checkDensity(voice, orderOf(voiceClass), map);
  return voiceClass;
}

function drawnBy({ seed, temperature, guidance = 0, density }: JobOrder['clips'][number]): Drawn {
  return { seed, temperature, guidance, ...(density === undefined ? {} : { density: density.perSecond }) };
}

/** Clips for trigger maps, from the queue that everybody else's come from. */
export function createClipGenerator({
  scheduler,
  ranker,
  catalog,
  rate,
  now = () => performance.now(),
}: TriggerClipDeps): ClipGenerator {
  let expected = FIRST_GUESS_MS;
  let timedAt = now();
  /** Mean embeddings of the latest clips of each map: the next shall be unlike them. */
  const latest = new Map<string, Float32Array[]>();
  const siblingsOf = (id: string): Float32Array[] => {
    const known = latest.get(id) ?? [];
    if (latest.size >= limits.maps && !latest.has(id)) latest.clear();
    latest.set(id, known);
    return known;
  };

  const order = async (map: TriggerMap, seed: number, temperature: number): Promise<JobOrder['clips'][number]> => {
    const voice = await catalog.find(map.voice);
    const { density = 0 } = map;
    return {
      ...orderOf(classOf(voice, map)),
      ...(density === 0 ? {} : { density: { perSecond: density, seed, frame: 0 } }),
      seed,
      temperature,
      topK: 0,
      topP: 1,
      rate: await rate(),
      previews: false,
    };
  };

  const make = async (
    map: TriggerMap,
    temperatures: readonly number[],
    take: (clip: GeneratedClip) => void,
    signal: AbortSignal,
    { patient, candidates }: { patient: boolean; candidates: number },
  ): Promise<void> => {
    const clips = await Promise.all(
      temperatures.flatMap((temperature) =>
        Array.from({ length: candidates }, () => order(map, randomInt(0, limits.drawnSeedMax + 1), temperature)),
      ),
    );
    signal.throwIfAborted();
    const siblings = siblingsOf(map.id);
    const chooser = new Chooser(siblings);
    let made: { pcm: Float32Array; rate: number; index: number }[] = [];
    const onClip: JobOrder['onClip'] = async (index, { pcm, rate: hertz }) => {
      made.push({ pcm, rate: hertz, index });
      if (made.length < candidates) return;
      const all = made;
      made = [];
      let best = 0;
      if (candidates > 1) {
        const voice = await catalog.find(map.voice);
        const weights = weightsOf(resolveClass(voice, map.class));
        best = chooser.choose(
          await Promise.all(all.map((one) => ranker.score(voice, weights, one.pcm, one.rate))),
        ).index;
        siblings.splice(0, Math.max(0, siblings.length - limits.poolClips));
      }
      const chosen = all[best]!;
      take({ pcm: chosen.pcm, rate: chosen.rate, ...drawnBy(clips[chosen.index]!) });
    };
    await scheduler.submit({ owner: OWNER, clips, signal, patient, onClip }).done;
  };

  /** Nobody waits for the clips of a pool that is well filled: there is time to choose. */
  const candidatesOf = async (map: TriggerMap, hurried: boolean): Promise<number> => {
    if (map.candidates !== undefined) return map.candidates;
    return !hurried && (await ranker.isTrained(await catalog.find(map.voice))) ? POOL_CANDIDATES : 1;
  };

  const live = async (
    map: TriggerMap,
    temperature: number,
    hear: (part: ClipPart) => void,
    signal: AbortSignal,
  ): Promise<LiveClip | null> => {
    const voice = await catalog.find(map.voice);
    const clip = await order(map, randomInt(0, limits.drawnSeedMax + 1), temperature);
    const { card } = modelOf(voice, clip.voiceDir);
    if (!isTimeMajor(gridOf(card))) return null;
    signal.throwIfAborted();
    let result: EngineResult | null = null;
    let heard = 0;
    const job = scheduler.submit({
      owner: OWNER,
      clips: [{ ...clip, rate: card.audio.rate, stream: true, live: true }],
      signal,
      onEvent: (event) => {
        if (event.type !== 'audio') return;
        const { offset, total, rate: hertz, pcm } = event;
        heard = offset + pcm.length;
        hear({ offset, total, rate: hertz, pcm });
      },
      onClip: async (_, made) => {
        result = made;
        const { pcm, rate: hertz } = made;
        if (heard < pcm.length) hear({ offset: heard, total: pcm.length, rate: hertz, pcm: pcm.slice(heard) });
      },
    });
    const drawn = drawnBy(clip);
    const done = job.done.then(() => ({ ...result!, ...drawn }));
    return { ...drawn, done };
  };

  /**
   * Milliseconds a clip takes that is made now: rather too long than too short, but not for ever, or one slow clip
   * would keep every later hit from having its own.
   */
  const expectedMs = (): number => {
    const slower = Math.max(0, expected - FIRST_GUESS_MS);
    return expected - slower * (1 - 0.5 ** ((now() - timedAt) / FORGET_MS));
  };

  return {
    async check(map) {
      const voice = await catalog.find(map.voice);
      return understoodOf(classOf(voice, map)).understood ?? [];
    },
    async generate(map, temperatures, take, signal, hurried) {
      const candidates = await candidatesOf(map, hurried);
      await make(map, temperatures, take, signal, { patient: true, candidates });
    },
    async now(map, temperature, signal) {
      const begun = now();
      let made: GeneratedClip | null = null;
      const take = (clip: GeneratedClip): void => {
        made = clip;
      };
      // A hit has its only clip as soon as can be.
      await make(map, [temperature], take, signal, { patient: false, candidates: 1 });
      const took = now() - begun;
      expected = Math.max(took, 0.8 * expectedMs() + 0.2 * took);
      timedAt = now();
      return made!;
    },
    expectedMs,
    live,
  };
}
