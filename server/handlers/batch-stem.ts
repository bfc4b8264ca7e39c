import { type EventData, type FileSettings, limits, ProtocolError } from '../../protocol/index.ts';
import { type BatchArgs, numbered, type SheetEntry } from './batch-lines.ts';
import { type ExportDeps, sentOrWritten } from './export.ts';

/** The mix of a batch's placed files. */

type Told = EventData<'clip.batch', 'stem'>;

/** Refuses, before anything is made, a mix that would be too long or of nothing. */
export function checkStem({ stem, rows = [] }: BatchArgs): void {
  if (stem === undefined) return;
  const placed = rows.flatMap(({ at, length = 4 }) => (at === undefined ? [] : [{ at, end: at + length }]));
  const fail = (message: string): never => {
    throw new ProtocolError('bad_args', `args.stem: ${message}`, { path: 'args.stem' });
  };
  if (placed.length === 0) fail('no row has `at`; expected rows that are placed on the timeline');
  const seconds = placed.reduce((most, { end }) => Math.max(most, end), 0) - Math.min(...placed.map(({ at }) => at));
  if (seconds > limits.stemSeconds)
    fail(
      `the mix would last ${Math.ceil(seconds)} s; expected at most ${limits.stemSeconds} s between the first and last cue`,
    );
}

interface Wanted {
  written: readonly SheetEntry[];
  settings: Omit<FileSettings, 'at'>;
  name: string;
  signal: AbortSignal;
}

/**
 * Mixes the first take of each cue, regenerated as it was written, so that a batch resumed after a restart has all of
 * them.
 */
export async function mixStem(
  { delivery }: ExportDeps,
  args: BatchArgs,
  { written, settings, name, signal }: Wanted,
): Promise<Told | null> {
  const firsts = new Set(numbered(args).map(({ first }) => first));
  const rows = new Map(numbered(args).map(({ row, first }) => [first, row]));
  const cues = written
    .filter(({ index, told }) => firsts.has(index) && told.placed !== undefined)
    .map(({ index, told, facts }) => ({ clip: facts.clip, placed: told.placed!, row: rows.get(index)!, facts }));
  if (cues.length === 0) return null;
  const begin = Math.min(...cues.map(({ placed }) => placed.start));
  const title = name.replace(/\.wav$/i, '');
  const mix = delivery.mix(settings, begin, title);
  for (const { clip, placed, row, facts } of cues) {
    signal.throwIfAborted();
    const length = row.length === undefined ? {} : { length: row.length };
    await mix.add(clip, { at: placed.at, ...length, name: facts.fxName });
  }
  const { bytes, seconds, start, gain } = await mix.render();
  signal.throwIfAborted();
  const file = await sentOrWritten(delivery, args, { stem: title, ending: 'wav', bytes });
  return { ...file, clips: cues.length, seconds, start, gain };
}
