import type { EventData } from '../../protocol/index.ts';
import type { Voice } from '../voices/voice.ts';
import type { FadDeps } from './admin-fad.ts';

type Compared = EventData<'voice.compare', 'done'>['voices'][number];
type Scores = Awaited<ReturnType<FadDeps['scores']['list']>>;

/** What people compare of voices. Beyond what the catalogue has checked, a card may say anything, or nothing. */
export function cardOf(voice: Voice, scores: Scores, active: boolean): Compared {
  const { id, name, hash, classes, rate, samples, card } = voice;
  const all = voice.models.flatMap((model) => Object.values(mapOf(model.card.graphs)));
  const graphs = all.map((graph) => count(mapOf(graph).bytes) ?? 0);
  const { base } = mapOf(card.retrained);
  return {
    voice: id,
    name,
    hash,
    active,
    rate,
    seconds: samples / rate,
    classes: classes.map((one) => one.name),
    preset: text(card.preset),
    created: text(card.created),
    licence: text(card.license),
    base: text(mapOf(base).id),
    bytes: graphs.reduce((sum, bytes) => sum + bytes, 0),
    data: dataOf(voice),
    training: trainingOf(card.training),
    measured: measuredOf(hash, scores),
  };
}

function dataOf({ card, classes }: Voice): Compared['data'] {
  const clips = mapOf(mapOf(card.data).clips);
  const known = classes.flatMap(({ name }) => {
    const one = mapOf(Object.hasOwn(clips, name) ? clips[name] : undefined);
    const [train, evaluated] = [count(one.train), count(one.eval)];
    return train === null ? [] : [[name, { train, eval: evaluated ?? 0 }] as const];
  });
  return known.length === 0 ? null : Object.fromEntries(known);
}

/** codec, prior, vocoder: a card has no more stages. */
function trainingOf(training: unknown): Compared['training'] {
  const stages = Object.entries(mapOf(training)).slice(0, 8);
  const known = stages.flatMap(([stage, about]) => {
    const { steps, minutes } = mapOf(about);
    const took = typeof minutes === 'number' && minutes >= 0 && Number.isFinite(minutes) ? minutes : null;
    const done = { steps: count(steps), minutes: took };
    return done.steps === null && took === null ? [] : [[stage.slice(0, 64), done] as const];
  });
  return Object.fromEntries(known);
}

function measuredOf(hash: string, scores: Scores): Compared['measured'] {
  const score = scores.findLast((one) => one.hash === hash);
  if (score === undefined) return null;
  const { when, embedder, reference, clips, average, classes } = score;
  const each = Object.entries(classes).map(([label, { fad, named }]) => [label, { fad, named }] as const);
  return { when, embedder, reference, clips, average: average.fad, classes: Object.fromEntries(each) };
}

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : null;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
