/**
 * Runs embedders, in a process of its own, since a graph's run blocks its thread: embeds clips, measures FAD and KAD, ranks candidates and finds
 * the nearest training recording. embedder-client.ts is the server's side.
 */
import { resample } from '../audio/resample.ts';
import type { EmbedderCard } from '../cards/embedder-card.ts';
import { EngineError } from '../engine/errors.ts';
import { readCardText } from '../engine/inference/card.ts';
import {
  Embedder,
  readEmbedderCard,
  readEmbedderRanking,
  readEmbedderReference,
} from '../engine/inference/embedder.ts';
import { serveTasks } from '../engine/process/serve-tasks.ts';
import { digestOf } from '../util/file-digest.ts';
import type { CustomReference, EmbedderTask, ReferenceFacts } from './embedder-client.ts';
import { StatisticsError } from './fad.ts';
import { measure } from './measure.ts';
import { NearestRecording } from './nearest-recording.ts';
import { type Ranking, readRanking, scoreClip } from './ranking.ts';
import { fromClips, type Reference, readReference } from './reference.ts';

/** Those that were asked for last. */
let loaded: { dir: string; opened: Embedder } | null = null;
let ranking: { sha256: string; read: Ranking } | null = null;
const MAX_VOICES = 4;
const recordings = new Map<string, { text: string; opened: NearestRecording | null }>();
let reference: { key: string; dims: number; classes: Map<string, Reference> } | null = null;

async function earOf(dir: string): Promise<Embedder> {
  const { graph } = await readEmbedderCard(dir);
  if (loaded?.dir === dir && loaded.opened.card.graph.sha256 === graph.sha256) return loaded.opened;
  await loaded?.opened.close();
  loaded = null;
  loaded = { dir, opened: await Embedder.open(dir) };
  return loaded.opened;
}

/** Of the card on disk: a ranking may be made anew while the embedder stays. */
async function rankingOf(dir: string, card: EmbedderCard): Promise<Ranking | null> {
  if (card.ranking === undefined) return null;
  if (ranking?.sha256 !== card.ranking.sha256) {
    const bytes = await readEmbedderRanking(dir, card);
    ranking = { sha256: card.ranking.sha256, read: readRanking(bytes!, card.dims) };
  }
  return ranking.read;
}

async function recordingsOf(dir: string): Promise<NearestRecording | null> {
  const text = await readCardText(dir);
  const known = recordings.get(dir);
  if (known?.text === text) return known.opened;
  await known?.opened?.close();
  recordings.delete(dir);
  // Two of a fine-tuned voice: its own, and those of the voice it was made of.
  for (const [other, { opened }] of recordings) {
    if (recordings.size < MAX_VOICES) break;
    await opened?.close();
    recordings.delete(other);
  }
  const opened = await NearestRecording.open(dir);
  recordings.set(dir, { text, opened });
  return opened;
}

async function isMemorised({ voices, pcm, rate }: Extract<EmbedderTask, { do: 'score' }>): Promise<boolean> {
  for (const dir of voices) {
    const [found] = (await (await recordingsOf(dir))?.find(pcm, rate, 1)) ?? [];
    if (found !== undefined && found.likeness > found.limit) return true;
  }
  return false;
}

async function referenceOf(dir: string, given: CustomReference | null): Promise<Map<string, Reference>> {
  const card = await readEmbedderCard(dir);
  if (given !== null && 'clips' in given) {
    return new Map(Object.entries(given.clips).map(([label, clips]) => [label, fromClips(clips, card.dims)]));
  }
  const bytes = given?.npz ?? (await readEmbedderReference(dir, card));
  if (bytes === null) throw new EngineError('voice_missing', 'the embedder has no reference');
  const key = digestOf(bytes);
  if (reference?.key !== key || reference.dims !== card.dims) {
    const classes = readReference(bytes);
    for (const [label, { gaussian }] of classes) {
      const { length } = gaussian.mu;
      if (length !== card.dims)
        throw new StatisticsError(`${label} has embeddings of ${length} numbers, the embedder makes ${card.dims}`);
    }
    reference = { key, dims: card.dims, classes };
  }
  return reference.classes;
}

serveTasks<EmbedderTask>(async (task) => {
  if (task.do === 'embed') {
    const opened = await earOf(task.dir);
    return opened.embed(await resample(task.pcm, task.rate, opened.card.audio.rate));
  }
  if (task.do === 'score') {
    const opened = await earOf(task.dir);
    const card = await readEmbedderCard(task.dir);
    const pcm = await resample(task.pcm, task.rate, card.audio.rate);
    const embedded = await opened.embed(pcm);
    const score = scoreClip(card, await rankingOf(task.dir, card), { pcm, embedded, weights: task.weights });
    if (score.rejected === null && (await isMemorised(task))) score.rejected = 'memorised';
    return score;
  }
  if (task.do === 'nearest') {
    const recordings = await recordingsOf(task.voice);
    return recordings === null ? null : recordings.find(task.pcm, task.rate, task.most);
  }
  const classes = await referenceOf(task.dir, task.given);
  if (task.do === 'reference') {
    const sounding = [...classes.values()].every((known) => known.sounding);
    return { labels: [...classes.keys()], sounding } satisfies ReferenceFacts;
  }
  const known = classes.get(task.label);
  if (known === undefined) throw new StatisticsError(`the reference has no class ${task.label}`);
  return measure(task.clips, known, task.seed);
});
