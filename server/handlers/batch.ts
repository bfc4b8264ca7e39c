import { randomBytes, randomInt } from 'node:crypto';
import { classFromText, limits, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { csvText } from '../delivery/csv.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';
import { resolveClass } from '../generation/class-weights.ts';
import { type GenerationDeps, generateClips, seedsFrom } from '../generation/clip-job.ts';
import { voiceClassOf } from '../generation/voice-class.ts';
import { checkWanted, type ExportDeps, hand } from './export.ts';

export interface BatchDeps extends GenerationDeps, ExportDeps {
  batches: Batches;
}

type Args = Context<'clip.batch'>['args'];
type Row = NonNullable<Args['rows']>[number];

/** Lines that are worked at together: the engine makes a few clips at once. */
const AT_ONCE = 4;

/** The jobs that are no jobs of the engine's, so that they can be cancelled by their ids as others are. */
export class Batches {
  readonly #open = new Map<string, AbortController>();

  begin(signal: AbortSignal): { job: string; signal: AbortSignal; end(): void } {
    const job = randomBytes(8).toString('hex');
    const stop = new AbortController();
    this.#open.set(job, stop);
    return { job, signal: AbortSignal.any([signal, stop.signal]), end: () => void this.#open.delete(job) };
  }

  /** False when there is no such job, or it has ended. */
  cancel(job: string): boolean {
    const stop = this.#open.get(job);
    stop?.abort(new ProtocolError('cancelled', 'the job was cancelled'));
    this.#open.delete(job);
    return stop !== undefined;
  }
}

/** A line whose files are numbered from `first` on. */
interface Line {
  row: Row;
  first: number;
}

/** `clip.batch`. A clip that cannot be made is left out and told; what stops every file ends the job. */
export function clipBatch(deps: BatchDeps): Handler<'clip.batch'> {
  return async (context) => {
    const { args, emit } = context;
    const { delivery, batches } = deps;
    const { clips = [], rows = [], to, folder, sheet: sheetName, ...settings } = args;
    checkWanted(delivery, args);
    const lines = numbered([...clips.map((clip): Row => ({ clip, count: 1, candidates: 1 })), ...rows]);
    const of = lines.reduce((sum, { row }) => sum + row.count, 0);
    if (of === 0 || of > limits.batchFiles) {
      const message = `args: ${of} files are asked for, expected 1 to ${limits.batchFiles}`;
      throw new ProtocolError('bad_args', message, { path: of === 0 ? 'args.rows' : 'args' });
    }
    const { job, signal, end } = batches.begin(context.signal);
    context.setJob(job);
    const written: (SheetEntry & { index: number })[] = [];
    let [done, skipped] = [0, 0];
    const progress = (): void => emit('progress', { done: ++done, of }, true);
    const skip = (index: number, thrown: unknown): void => {
      const { code, message } = toProtocolError(thrown);
      // What is wrong with the server or the folder is wrong with every file.
      if (signal.aborted || isFatal(code)) throw thrown;
      skipped += 1;
      emit('skipped', { index, code, message });
      progress();
    };
    const one = async (index: number, clip: string, row: Row): Promise<void> => {
      signal.throwIfAborted();
      let made: Awaited<ReturnType<Delivery['make']>>;
      try {
        made = await delivery.make(clip, { ...settings, ...ofRow(row) });
      } catch (error) {
        skip(index, error);
        return;
      }
      signal.throwIfAborted();
      const told = await hand(delivery, args, made);
      written.push({ index, told, made });
      emit('file', { index, clip, ...told });
      progress();
    };
    const work = async ({ row, first }: Line): Promise<void> => {
      if (row.clip !== undefined) return one(first, row.clip, row);
      let made: string[];
      try {
        made = await generated(deps, { ...context, signal }, row);
      } catch (error) {
        for (let i = 0; i < row.count; i++) skip(first + i, error);
        return;
      }
      for (const [i, clip] of made.entries()) await one(first + i, clip, row);
    };
    emit('accepted', { job, files: of });
    const sheet = (): string => {
      written.sort((a, b) => a.index - b.index);
      return csvText(
        written.map(({ told, made }) => ({ ...told, ...factsOf(made) })),
        settings,
      );
    };
    const keepSheet = async (): Promise<string | null> => {
      if (to === 'bytes') return null;
      const bytes = new TextEncoder().encode(sheet());
      return (await delivery.write({ to, folder }, sheetName ?? `batch_${job}`, 'csv', bytes)).path;
    };
    try {
      await inTurn(lines, work, signal);
      signal.throwIfAborted();
    } catch (error) {
      // What was written stays, and its sheet says what it is.
      if (written.length > 0) await keepSheet().catch(() => undefined);
      throw error;
    } finally {
      end();
    }
    return { files: written.length, skipped, path: await keepSheet(), sheet: sheet() };
  };
}

interface SheetEntry {
  told: Awaited<ReturnType<typeof hand>>;
  made: Awaited<ReturnType<Delivery['make']>>;
}

function factsOf({ clip, catId, fxName }: SheetEntry['made']) {
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

function numbered(rows: readonly Row[]): Line[] {
  let first = 0;
  return rows.map((row) => {
    const line = { row, first };
    first += row.count;
    return line;
  });
}

/** The ids of the clips that a line asks for, saved. */
async function generated(deps: BatchDeps, context: Context<'clip.batch'>, row: Row): Promise<string[]> {
  const { session, signal } = context;
  const voice = await deps.catalog.find(row.voice);
  const avoid = row.avoid === undefined ? undefined : classFromText(row.avoid);
  const voiceClass = voiceClassOf(voice, resolveClass(voice, classFromText(row.class!)), {
    guidance: row.guidance,
    avoid,
  });
  const seed = row.seed ?? randomInt(0, limits.drawnSeedMax + 1);
  const args = {
    ...{
      seed,
      temperature: 1,
      topK: 0,
      topP: 1,
      count: row.count,
      format: 'f32' as const,
      rate: undefined,
      save: true,
    },
    ...{ previews: false, rows: false, audio: false, keep: false, exact: false, reverse: false, gain: 0 },
  };
  const takes = seedsFrom(seed, row.count).map((one) => ({ seed: one }));
  const quiet = { session, signal, setJob: () => undefined, emit: () => undefined };
  const done = await generateClips(deps, quiet, {
    ...{ ...voiceClass, args, begun: performance.now(), seed, takes },
    candidates: row.candidates,
  });
  return [...done.clips].sort((a, b) => a.index - b.index).map(({ clip }) => clip);
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
