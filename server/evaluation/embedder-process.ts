/** The process behind listener.ts. */
import { createHash } from 'node:crypto';
import { resample } from '../audio/resample.ts';
import { EngineError } from '../engine/errors.ts';
import { Ear, readEarCard, readEarReference } from '../engine/inference/embedder.ts';
import { serveTasks } from '../engine/process/serve-tasks.ts';
import type { GivenReference, ListenTask } from './embedder-client.ts';
import { StatisticsError } from './fad.ts';
import { measure } from './measure.ts';
import { fromClips, type Reference, readReference } from './reference.ts';

/** Those that were asked for last. */
let ear: { dir: string; opened: Ear } | null = null;
let reference: { key: string; dims: number; classes: Map<string, Reference> } | null = null;

async function earOf(dir: string): Promise<Ear> {
  const { graph } = await readEarCard(dir);
  if (ear?.dir === dir && ear.opened.card.graph.sha256 === graph.sha256) return ear.opened;
  await ear?.opened.close();
  ear = null;
  ear = { dir, opened: await Ear.open(dir) };
  return ear.opened;
}

async function referenceOf(dir: string, given: GivenReference | null): Promise<Map<string, Reference>> {
  const card = await readEarCard(dir);
  if (given !== null && 'clips' in given) {
    return new Map(Object.entries(given.clips).map(([label, clips]) => [label, fromClips(clips, card.dims)]));
  }
  const bytes = given?.npz ?? (await readEarReference(dir, card));
  if (bytes === null) throw new EngineError('voice_missing', 'the embedder comes without a reference');
  const key = createHash('sha256').update(bytes).digest('hex');
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

serveTasks<ListenTask>(async (task) => {
  if (task.do === 'hear') {
    const opened = await earOf(task.dir);
    return opened.hear(await resample(task.pcm, task.rate, opened.card.audio.rate));
  }
  const classes = await referenceOf(task.dir, task.given);
  if (task.do === 'classes') return [...classes.keys()];
  const known = classes.get(task.label);
  if (known === undefined) throw new StatisticsError(`the reference has no class ${task.label}`);
  return measure(task.clips, known, task.seed);
});
