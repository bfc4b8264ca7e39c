import { randomInt } from 'node:crypto';
import { type EventData, limits, measuredBy } from '../../protocol/index.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';
import { resolveClass, told } from '../generation/class-weights.ts';
import { type GenerationDeps, generateClips } from '../generation/clip-job.ts';
import { seedsFrom } from '../generation/clip-plan.ts';
import type { GenerationContext } from '../generation/context.ts';
import { guided } from '../generation/voice-class.ts';
import type { Voice } from '../voices/voice.ts';
import type { FadDeps } from './admin-fad.ts';
import { cardOf } from './voice-summary.ts';

type Done = EventData<'voice.compare', 'done'>;

/** `voice.compare`. */
export function voiceCompare(deps: GenerationDeps & Pick<FadDeps, 'scores'>): Handler<'voice.compare'> {
  return async (context) => {
    const voices: Voice[] = [];
    for (const id of context.args.voices) voices.push(await deps.catalog.find(id));
    const scores = await deps.scores.list();
    const cards = voices.map((voice) => cardOf(voice, scores, voice.id === deps.catalog.active));
    const ways = voices
      .map(({ hash }) => scores.findLast((score) => score.hash === hash))
      .map((one) => one && measuredBy(one));
    const alike = ways.every((way) => way !== undefined && way === ways[0]);
    return { voices: cards, alike, ...(await clips(deps, context, voices)) };
  };
}

/** The same by each, all of one voice before the next: each is loaded once, however little memory voices may take. */
async function clips(
  deps: GenerationDeps,
  context: Context<'voice.compare'>,
  voices: readonly Voice[],
): Promise<Pick<Done, 'clips' | 'timings' | 'understood'>> {
  const begun = performance.now();
  const { voices: ids, class: wanted, count, ...settings } = context.args;
  if (wanted === undefined) return { clips: [], timings: null };
  const first = resolveClass(voices[0]!, wanted);
  // An id means another class in another voice; its name does not.
  const voiceClasses = voices.map((voice, i) =>
    guided(voice, i === 0 ? first : resolveClass(voice, first.label), settings),
  );
  const seed = settings.seed ?? randomInt(0, limits.drawnSeedMax + 1);
  const takes = voiceClasses.flatMap((voiceClass) => seedsFrom(seed, count).map((one) => ({ seed: one, voiceClass })));
  const plain = { exact: false, reverse: false, gain: 0, keep: false };
  const args = { ...settings, ...plain, seed, count: takes.length };
  const done = await generateClips(deps, telling(context, ids), { ...voiceClasses[0]!, args, begun, seed, takes });
  const made = done.clips.map((clip) => {
    const { id, samples, rate } = takes[clip.index]!.voiceClass.voice;
    return { ...clip, voice: id, seconds: samples / rate };
  });
  const { timings, understood = [] } = done;
  return { clips: made.sort((a, b) => a.index - b.index), timings, ...told(understood) };
}

/** What is told of any job that makes clips, but that it was accepted for several voices. */
function telling({ session, signal, setJob, emit }: Context<'voice.compare'>, voices: string[]): GenerationContext {
  const told = (...[event, data, droppable]: Parameters<GenerationContext['emit']>): void => {
    if (event === 'accepted') {
      const { voice: _, ...rest } = data as EventData<'foley.generate', 'accepted'>;
      emit(event, { ...rest, voices });
    } else if (event !== 'candidate') emit(event, data as EventData<'voice.compare', 'audio'>, droppable);
  };
  return { session, signal, setJob, emit: told as GenerationContext['emit'] };
}
