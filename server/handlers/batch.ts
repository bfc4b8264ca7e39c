import { checkArgs, commandOf, type EventData, limits, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { csvText } from '../delivery/csv.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';
import type { RestoredJob } from '../dispatch/job-journal.ts';
import { told } from '../generation/class-weights.ts';
import type { GenerationDeps } from '../generation/clip-job.ts';
import { isThere } from '../util/file-digest.ts';
import { newId } from '../util/new-id.ts';
import {
  type BatchArgs,
  filesOf,
  generate,
  inTurn,
  type Known,
  type Line,
  numbered,
  type SheetEntry,
  settingsOf,
  settled,
  type Told,
  understoodIn,
} from './batch-lines.ts';
import { checkStem, mixStem } from './batch-stem.ts';
import type { Batches } from './batches.ts';
import { checkWanted, type ExportDeps, hand } from './export.ts';

export interface BatchDeps extends GenerationDeps, ExportDeps {
  batches: Batches;
}

/**
 * `clip.batch`. A clip that cannot be generated is skipped and reported; an error that affects every file ends the
 * job.
 */
export function clipBatch(deps: BatchDeps): Handler<'clip.batch'> {
  return async (context) => {
    const { delivery, journal } = deps;
    checkWanted(delivery, context.args);
    delivery.checkSettings(context.args);
    const of = filesOf(context.args);
    checkStem(context.args);
    if (of === 0 || of > limits.batchFiles) {
      const message = `args: ${of} files were requested; expected 1 to ${limits.batchFiles}`;
      throw new ProtocolError('bad_args', message, { path: of === 0 ? 'args.rows' : 'args' });
    }
    const job = journal?.newId() ?? newId();
    // Files that are sent are nobody's any more when the connection is gone.
    if (journal === null || context.args.to === 'bytes') return run(deps, context, { job, of });
    const args = await settled(deps, context.args);
    await journal.begin(job, 'clip.batch', args);
    return journal.during(job, () => run(deps, { ...context, args }, { job, of }));
  };
}

/** Resumes a batch of an earlier run. */
export async function resumeBatch(
  deps: BatchDeps,
  { record, notes }: RestoredJob,
  context: BatchContext,
): Promise<Done> {
  const { job, paused, order } = record;
  const args = checkArgs(commandOf('clip.batch'), order as Record<string, unknown>, job) as BatchArgs;
  return run(deps, { ...context, args }, { job, of: filesOf(args), paused, known: await readNotes(notes) });
}

type BatchContext = Omit<Context<'clip.batch'>, 'args'>;

interface Batch {
  job: string;
  of: number;
  paused?: boolean;
  /** What was done of it before a restart. */
  known?: Known;
}

/** A file is noted before it appears, with its path, and again when it is there: so none is written twice. */
async function readNotes(notes: RestoredJob['notes']): Promise<Known> {
  const [files, skipped] = [new Map<number, SheetEntry>(), new Set<number>()];
  const begun = new Map<number, { entry: SheetEntry; sha256: string | undefined }>();
  for (const note of notes) {
    const { index, entry, sha256 } = note as { index: number; entry?: SheetEntry; sha256?: string };
    if (note.is === 'skipped') skipped.add(index);
    else if (note.is === 'begun' && entry !== undefined) begun.set(index, { entry, sha256 });
    else if (note.is === 'done' && begun.has(index)) files.set(index, begun.get(index)!.entry);
  }
  // Two lines that were begun at the same time may have been given one name.
  const taken = new Set([...files.values()].map(({ told }) => told.path));
  for (const [index, { entry, sha256 }] of begun) {
    const place = String(entry.told.path);
    if (files.has(index) || taken.has(place) || !(await isThere(place, sha256))) continue;
    taken.add(place);
    files.set(index, entry);
  }
  return { files, skipped };
}

async function run(deps: BatchDeps, context: Context<'clip.batch'>, batch: Batch): Promise<Done> {
  const { args, emit } = context;
  const { delivery, batches, journal } = deps;
  const { clips: _, rows: __, to, folder, sheet: sheetName, stem, ...settings } = args;
  const {
    job,
    of,
    paused = false,
    known = { files: new Map<number, SheetEntry>(), skipped: new Set<number>() },
  } = batch;
  const running = batches.begin(job, context.signal, { owner: context.session.id, files: of, paused });
  const { signal } = running;
  context.setJob(job);
  const written: SheetEntry[] = [...known.files.values()];
  let skipped = known.skipped.size;
  const isKnown = (index: number): boolean => known.files.has(index) || known.skipped.has(index);
  const note = async (line: Record<string, unknown>): Promise<void> => {
    if (journal?.has(job) === true) await journal.note(job, line);
  };
  const progress = (): void => emit('progress', { done: running.count(), of }, true);
  for (let i = 0; i < known.files.size + skipped; i++) running.count();
  const skip = async (index: number, thrown: unknown): Promise<void> => {
    const { code, message } = toProtocolError(thrown);
    // What is wrong with the server or the folder is wrong with every file.
    if (signal.aborted || isFatal(code)) throw thrown;
    skipped += 1;
    await note({ is: 'skipped', index });
    emit('skipped', { index, code, message });
    progress();
  };
  const one = async (index: number, clip: string, line: Line): Promise<void> => {
    if (isKnown(index)) return;
    // Also of a batch that was paused: the clip is made, and the server could not stop while its file waits.
    signal.throwIfAborted();
    let made: Awaited<ReturnType<Delivery['make']>>;
    try {
      made = await delivery.make(clip, { ...settings, ...settingsOf(line, index) });
    } catch (error) {
      await skip(index, error);
      return;
    }
    signal.throwIfAborted();
    const entry = (file: Told): SheetEntry => ({ index, told: { ...file, content: undefined }, facts: factsOf(made) });
    const told = await hand(delivery, args, made, {
      onName: (file, sha256) => note({ is: 'begun', index, entry: entry(file), sha256 }),
    });
    await note({ is: 'done', index });
    written.push(entry(told));
    emit('file', { index, clip, ...told });
    progress();
  };
  const work = async (line: Line): Promise<void> => {
    const { row, first } = line;
    const indices = Array.from({ length: row.count }, (_, i) => first + i);
    if (indices.every(isKnown)) return;
    await running.turn();
    if (row.clip !== undefined) return one(first, row.clip, line);
    const given = new Set<number>();
    let unwritten: unknown;
    const onClip = async (index: number, clip: string): Promise<void> => {
      given.add(index);
      await one(index, clip, line).catch((error: unknown) => {
        unwritten = error;
        throw error;
      });
    };
    try {
      const order = { row, first, job, known, isPaused: () => running.paused };
      await generate(deps, { ...context, signal }, order, onClip);
    } catch (error) {
      if (unwritten !== undefined) throw unwritten;
      // The clip was made and could not be saved: the disk would take none of the others.
      if (toProtocolError(error).code === 'io_error') throw error;
      for (const index of indices) if (!given.has(index) && !isKnown(index)) await skip(index, error);
    }
  };
  const understood = told(await understoodIn(deps, args));
  emit('accepted', { job, files: of, ...understood });
  const sheet = (): string => {
    written.sort((a, b) => a.index - b.index);
    return csvText(
      written.map(({ told, facts }) => ({ ...told, ...facts })),
      settings,
    );
  };
  const keepSheet = async (): Promise<string | null> => {
    if (to === 'bytes') return null;
    const bytes = new TextEncoder().encode(sheet());
    return (await delivery.write({ to, folder }, sheetName ?? `batch_${job}`, 'csv', bytes)).path;
  };
  try {
    await inTurn(numbered(args), work, signal);
    signal.throwIfAborted();
    if (stem !== undefined) {
      const mixed = await mixStem(deps, args, { written, settings, name: stem, signal });
      if (mixed !== null) emit('stem', mixed);
    }
  } catch (error) {
    // What was written stays, and its sheet says what it is; of a batch that goes on later, that one's will.
    const goesOn = journal?.has(job) === true && journal.isClosing;
    if (written.length > 0 && !goesOn) await keepSheet().catch(() => undefined);
    throw error;
  } finally {
    running.end();
  }
  return { files: written.length, skipped, path: await keepSheet(), sheet: sheet(), ...understood };
}

type Done = EventData<'clip.batch', 'done'>;

function factsOf({ clip, catId, fxName }: Awaited<ReturnType<Delivery['make']>>): SheetEntry['facts'] {
  const { id, class: label, seed, voiceId } = clip;
  return { clip: id, class: label, seed, voice: voiceId, catId, fxName };
}

function isFatal(code: string): boolean {
  return [
    'no_room',
    'out_of_resources',
    'no_delivery',
    'too_large',
    'cancelled',
    'shutting_down',
    'internal',
    'engine_unavailable',
  ].includes(code);
}
