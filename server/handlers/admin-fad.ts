import type { EventData } from '../../protocol/index.ts';
import { limits, ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Evaluation, EvaluationOrder } from '../evaluation/evaluator.ts';
import type { Score } from '../evaluation/scores.ts';
import { resolveClass, told } from '../generation/class-weights.ts';
import { guided, orderOf } from '../generation/voice-class.ts';
import type { Catalog, Voice } from '../voices/voice.ts';

export interface FadDeps {
  scheduler: Scheduler;
  catalog: Catalog;
  /** Opens an evaluation of clips of this voice by the embedder at hand, against a stored reference or the embedder's own. */
  openEvaluation: (
    voice: Voice,
    order: Pick<EvaluationOrder, 'labels' | 'seed'> & { reference: string | null },
  ) => Promise<{ evaluation: Evaluation; reference: string }>;
  scores: { list(): Promise<readonly Score[]>; add(score: Score): Promise<void> };
}

/** `admin.fad`: generates clips as one background job, embeds them, and stores the distances. */
export function adminFad(deps: FadDeps): Handler<'admin.fad'> {
  return async (context) => {
    const begun = performance.now();
    const { args, emit, signal } = context;
    const voice = await deps.catalog.find(args.voice);
    const wanted = args.classes ?? voice.classes.map(({ name }) => name);
    const { seed, temperature, guidance, clips } = args;
    const voiceClasses = new Map(
      wanted.map((wish) => {
        const chosen = resolveClass(voice, wish);
        return [chosen.label as string, guided(voice, chosen, { guidance })];
      }),
    );
    const labels = [...voiceClasses.keys()];
    const order = { labels, seed, reference: args.reference ?? null };
    const { evaluation, reference } = await deps.openEvaluation(voice, order);
    const known = evaluation.labels;
    const of = known.length * clips;
    const job = deps.scheduler.submit({
      owner: context.session.id,
      signal,
      clips: Array.from({ length: of }, (_, i) => ({
        ...orderOf(voiceClasses.get(known[Math.floor(i / clips)]!)!),
        temperature,
        seed: (seed + (i % clips)) % (limits.seedMax + 1),
        topK: 0,
        topP: 1,
        rate: voice.rate,
        previews: false,
      })),
      onClip: async (i, { pcm, rate }) => {
        await evaluation.embed(known[Math.floor(i / clips)]!, pcm, rate);
        emit('progress', { part: 'clips', done: i + 1, of }, true);
      },
    });
    context.setJob(job.id);
    const understood = told([...voiceClasses.values()].flatMap(({ chosen }) => chosen.understood ?? []));
    const { missing } = evaluation;
    emit('accepted', { job: job.id, voice: voice.id, classes: [...known], missing: [...missing], ...understood });
    await job.done;
    let done = 0;
    const result = await evaluation.measure((label, distances) => {
      signal.throwIfAborted();
      emit('class', { class: label, distances });
      emit('progress', { part: 'distances', done: ++done, of: known.length }, true);
    });
    const score: EventData<'admin.fad', 'done'>['score'] = {
      when: new Date().toISOString(),
      voice: voice.id,
      hash: voice.hash,
      embedder: evaluation.card.graph.sha256,
      reference,
      clips,
      seed,
      temperature,
      guidance: guidance ?? null,
      memorised: memorisedBy(voice),
      ...result,
    };
    await deps.scores.add(score).catch((cause: unknown) => {
      throw new ProtocolError('io_error', `the score could not be saved: ${(cause as Error).message}`, { cause });
    });
    return { score, seconds: (performance.now() - begun) / 1000, ...understood };
  };
}

/** What the trainer found when the voice was made; here nobody has the training clips to look for. */
function memorisedBy({ card }: Voice): number | null {
  const { evaluation } = (card.scores ?? {}) as { evaluation?: { memorised?: unknown } };
  const share = evaluation?.memorised;
  return typeof share === 'number' && share >= 0 && share <= 1 ? share : null;
}

/** `voice.scores`. */
export function voiceScores(deps: FadDeps): Handler<'voice.scores'> {
  return async ({ args }) => {
    const all = await deps.scores.list();
    return { scores: all.filter(({ voice }) => args.voice === undefined || voice === args.voice) };
  };
}
