import { randomBytes, randomInt } from 'node:crypto';
import {
  checkArgs,
  classFromText,
  commandOf,
  type EventData,
  limits,
  ProtocolError,
  toProtocolError,
  type Understood,
} from '../../protocol/index.ts';
import { csvText } from '../delivery/csv.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';
import type { RestoredJob } from '../dispatch/job-journal.ts';
import { resolveClass, told } from '../generation/class-weights.ts';
import { type GenerationDeps, generateClips } from '../generation/clip-job.ts';
import { type MadeClip, madeFrom, seedsFrom } from '../generation/clip-plan.ts';
import { understoodOf, type VoiceClass, voiceClassOf } from '../generation/voice-class.ts';
import { isThere } from '../util/file-digest.ts';
import type { Voice } from '../voices/voice.ts';
import type { Batches } from './batches.ts';
import { checkWanted, type ExportDeps, hand } from './export.ts';

export interface BatchDeps extends GenerationDeps, ExportDeps {
  batches: Batches;
}

type Args = Context<'clip.batch'>['args'];
type Row = NonNullable<Args['rows']>[number];

/** Lines that are worked at together: the engine makes a few clips at once. */
const AT_ONCE = 4;

/** A line whose files are numbered from `first` on. */
interface Line {
  row: Row;
  first: number;
}

/** `clip.batch`. A clip that cannot be made is left out and told; what stops every file ends the job. */
export function clipBatch(deps: BatchDeps): Handler<'clip.batch'> {
  return async (context) => {
    const { delivery, journal } = deps;
    checkWanted(delivery, context.args);
    const of = numbered(context.args).reduce((sum, { row }) => sum + row.count, 0);
    if (of === 0 || of > limits.batchFiles) {
      const message = `args: ${of} files are asked for, expected 1 to ${limits.batchFiles}`;
      throw new ProtocolError('bad_args', message, { path: of === 0 ? 'args.rows' : 'args' });
    }
    const job = journal?.newId() ?? randomBytes(8).toString('hex');
    // Files that are sent are nobody's any more when the connection is gone.
    if (journal === null || context.args.to === 'bytes') return run(deps, context, { job, of });
    const args = await settled(deps, context.args);
    await journal.begin(job, 'clip.batch', args);
    return journal.during(job, () => run(deps, { ...context, args }, { job, of }));
  };
}

/** Goes on with a batch of an earlier run. */
export async function resumeBatch(
  deps: BatchDeps,
  { record, notes }: RestoredJob,
  context: BatchContext,
): Promise<Done> {
  const { job, paused, order } = record;
  const args = checkArgs(commandOf('clip.batch'), order as Record<string, unknown>, job) as Args;
  const of = numbered(args).reduce((sum, { row }) => sum + row.count, 0);
  return run(deps, { ...context, args }, { job, of, paused, known: await readNotes(notes) });
}

type BatchContext = Omit<Context<'clip.batch'>, 'args'>;

interface Batch {
  job: string;
  of: number;
  paused?: boolean;
  /** What was done of it before a restart. */
  known?: Known;
}

interface Known {
  files: Map<number, SheetEntry>;
  skipped: Set<number>;
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
  const { clips: _, rows: __, to, folder, sheet: sheetName, ...settings } = args;
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
  const one = async (index: number, clip: string, row: Row): Promise<void> => {
    if (isKnown(index)) return;
    await running.turn();
    let made: Awaited<ReturnType<Delivery['make']>>;
    try {
      made = await delivery.make(clip, { ...settings, ...ofRow(row) });
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
  const work = async ({ row, first }: Line): Promise<void> => {
    const indices = Array.from({ length: row.count }, (_, i) => first + i);
    if (indices.every(isKnown)) return;
    await running.turn();
    if (row.clip !== undefined) return one(first, row.clip, row);
    let made: string[];
    try {
      made = await generated(deps, { ...context, signal }, { row, first, job, known, paused: running.paused });
    } catch (error) {
      for (const index of indices) if (!isKnown(index)) await skip(index, error);
      return;
    }
    for (const [i, clip] of made.entries()) await one(first + i, clip, row);
  };
  emit('accepted', { job, files: of, ...told(await understoodIn(deps, args)) });
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
  } catch (error) {
    // What was written stays, and its sheet says what it is; of a batch that goes on later, that one's will.
    const goesOn = journal?.has(job) === true && journal.isClosing;
    if (written.length > 0 && !goesOn) await keepSheet().catch(() => undefined);
    throw error;
  } finally {
    running.end();
  }
  return { files: written.length, skipped, path: await keepSheet(), sheet: sheet() };
}

type Done = EventData<'clip.batch', 'done'>;
type Told = Awaited<ReturnType<typeof hand>>;

/** The same order with nothing left open: what is drawn, and which voice is active, is settled when it is accepted. */
async function settled({ catalog }: BatchDeps, args: Args): Promise<Args> {
  const rows = await Promise.all(
    (args.rows ?? []).map(async (row) => {
      if (row.clip !== undefined) return row;
      const voice = row.voice ?? (await catalog.find().catch(() => null))?.id;
      return {
        ...row,
        seed: row.seed ?? randomInt(0, limits.drawnSeedMax + 1),
        ...(voice === undefined ? {} : { voice }),
      };
    }),
  );
  return { ...args, ...(args.rows === undefined ? {} : { rows }) };
}

interface SheetEntry {
  index: number;
  told: Told;
  facts: ReturnType<typeof factsOf>;
}

function factsOf({ clip, catId, fxName }: Awaited<ReturnType<Delivery['make']>>) {
  const { id, class: label, seed, voiceId } = clip;
  return { clip: id, class: label, seed, voice: voiceId, catId, fxName };
}

function ofRow({ catId, fxName, userData, take }: Row): Partial<Pick<Args, 'catId' | 'fxName' | 'userData' | 'take'>> {
  const given = Object.entries({ catId, fxName, userData, take }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function isFatal(code: string): boolean {
  return [
    'no_room',
    'no_delivery',
    'too_large',
    'cancelled',
    'shutting_down',
    'internal',
    'engine_unavailable',
  ].includes(code);
}

function numbered({ clips = [], rows = [] }: Pick<Args, 'clips' | 'rows'>): Line[] {
  let first = 0;
  return [...clips.map((clip): Row => ({ clip, count: 1, candidates: 1 })), ...rows].map((row) => {
    const line = { row, first };
    first += row.count;
    return line;
  });
}

/** The ids of the clips that a line asks for, saved. */
async function generated(
  deps: BatchDeps,
  context: Context<'clip.batch'>,
  { row, first, job, known, paused }: Line & { job: string; known: Known; paused: boolean },
): Promise<string[]> {
  const { session, signal } = context;
  const voice = await deps.catalog.find(row.voice);
  const voiceClass = classOf(voice, row);
  const seed = row.seed ?? randomInt(0, limits.drawnSeedMax + 1);
  const args = {
    seed,
    temperature: 1,
    topK: 0,
    topP: 1,
    count: row.count,
    format: 'f32' as const,
    rate: undefined,
    save: true,
    previews: false,
    rows: false,
    audio: false,
    keep: false,
    exact: false,
    reverse: false,
    gain: 0,
  };
  const takes = seedsFrom(seed, row.count).map((one) => ({ seed: one }));
  const quiet = { session, signal, setJob: () => undefined, emit: () => undefined };
  const done = await generateClips(deps, quiet, {
    ...voiceClass,
    args,
    begun: performance.now(),
    seed,
    takes,
    candidates: row.candidates,
    group: job,
    paused,
    ...(deps.journal?.has(job) === true ? { origin: { job, first } } : {}),
    made: madeBefore(deps, { row, first, job, known }),
  });
  return [...done.clips].sort((a, b) => a.index - b.index).map(({ clip }) => clip);
}

function classOf(voice: Voice, { class: wanted, guidance, avoid }: Row): VoiceClass {
  return voiceClassOf(voice, resolveClass(voice, classFromText(wanted!)), {
    guidance,
    avoid: avoid === undefined ? undefined : classFromText(avoid),
  });
}

/** What the lines' names were understood as, each once. A line whose class is not known is told of when its turn comes. */
async function understoodIn({ catalog }: BatchDeps, { rows = [] }: Args): Promise<Understood[]> {
  const found = new Map<string, Understood>();
  const seen = new Set<string>();
  for (const row of rows) {
    const key = JSON.stringify([row.voice, row.class, row.avoid]);
    if (row.class === undefined || seen.has(key)) continue;
    seen.add(key);
    try {
      const { understood = [] } = understoodOf(classOf(await catalog.find(row.voice), row));
      for (const one of understood) found.set(JSON.stringify(one), one);
    } catch {}
  }
  return [...found.values()];
}

/** Clips of a line that an earlier run of the server made, by take. A clip whose file is there may be gone by now. */
function madeBefore(
  deps: BatchDeps,
  { row, first, job, known }: Line & { job: string; known: Known },
): Map<number, MadeClip> {
  const found = new Map<number, MadeClip>();
  const clips = deps.clips.ofJob(job);
  for (let take = 0; take < row.count; take++) {
    const entry = clips.get(first + take);
    const file = known.files.get(first + take);
    if (entry !== undefined) found.set(take, madeFrom(entry));
    else if (file !== undefined) found.set(take, { clip: file.facts.clip, seed: file.facts.seed ?? 0, seconds: 0 });
    else if (known.skipped.has(first + take)) found.set(take, { clip: '', seed: 0, seconds: 0 });
  }
  return found;
}

/** A few lines at a time; the first that fails stops the others. */
async function inTurn(lines: readonly Line[], work: (line: Line) => Promise<void>, signal: AbortSignal): Promise<void> {
  const left = [...lines].reverse();
  let failed = false;
  const next = async (): Promise<void> => {
    for (let line = left.pop(); line !== undefined && !failed && !signal.aborted; line = left.pop()) {
      try {
        await work(line);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, next));
  const broken = results.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw signal.aborted ? signal.reason : broken.reason;
}
