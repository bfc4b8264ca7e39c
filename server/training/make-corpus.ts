import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import type { CheckedRecording, NewDataSet } from './dataset.ts';
import { howEnded, type TrainerEvent, TrainerProcess } from './process.ts';
import type { Finder } from './python.ts';
import { checkResources, type ResourceLimits, watchResources } from './resource-limits.ts';

export interface CorpusOptions {
  finder: Finder;
  room: ResourceLimits;
  /** Hours of all recordings of a data set, decoded. */
  hours: number;
  /** Milliseconds between looks at memory and disk. */
  checkMs: number;
  /** Called for each recording that was cut, or could not be read. */
  onOriginal: (checked: CheckedRecording) => void;
  signal: AbortSignal;
}

/**
 * Runs the trainer that cuts recordings into the clips of a corpus in `part`; resolves with what it found. Rejects with
 * no_room, out_of_resources, bad_dataset, training_failed, or why `signal` aborted.
 */
export async function makeCorpus(
  { folder, seconds, licence, author, class: label }: NewDataSet,
  part: string,
  { finder, room, hours, checkMs, onOriginal, signal }: CorpusOptions,
): Promise<TrainerEvent> {
  const dir = path.dirname(part);
  await checkResources(dir, room);
  const args = [
    ...['dataset', folder, part, '--supervised', '--seconds', String(seconds), '--threads', '1'],
    ...['--hours', String(hours)],
    // With =, so that what begins with a dash is no option.
    ...[`--licence=${licence}`, `--author=${author}`, ...(label === null ? [] : [`--class=${label}`])],
  ];
  const found: { event: TrainerEvent | null } = { event: null };
  const trainer = new TrainerProcess(await finder.find(), args, (event) => {
    if (event.event === 'dataset') found.event = event;
    const file = String(event.file);
    if (event.event === 'original') onOriginal({ file, clips: Number(event.clips) });
    if (event.event === 'unreadable') onOriginal({ file, clips: 0, unreadable: String(event.reason) });
  });
  const stop = (): void => trainer.kill();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  // What a small file becomes when it is decoded shows only while that happens.
  const short: { error: ProtocolError | null } = { error: null };
  const stopWatching = watchResources(dir, room, trainer, checkMs, (error) => {
    short.error ??= error;
    stop();
  });
  const end = await trainer.ended.finally(stopWatching);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (short.error !== null) throw short.error;
  if (found.event !== null) return found.event;
  if (end.shortage !== null) throw new ProtocolError('out_of_resources', howEnded(end));
  if (end.error !== null) throw new ProtocolError('bad_dataset', end.error.message.replaceAll(part, 'the data set'));
  const last = end.log.at(-1)?.replaceAll(part, 'the data set');
  const how = howEnded(end);
  throw new ProtocolError(
    'training_failed',
    last === undefined ? `${how} and wrote nothing to its log` : `${how}: ${last}`,
  );
}
