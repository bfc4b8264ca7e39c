import { randomInt } from 'node:crypto';
import { classFromText, limits, type Understood } from '../../protocol/index.ts';
import type { CsvRow } from '../delivery/csv.ts';
import type { Context } from '../dispatch/dispatcher.ts';
import { type GenerationDeps, generateClips } from '../generation/clip-job.ts';
import { type MadeClip, madeFrom, seedsFrom } from '../generation/clip-plan.ts';
import { understoodOf, type VoiceClass, voiceClassOf } from '../generation/voice-class.ts';
import type { Voice } from '../voices/voice.ts';
import type { hand } from './export.ts';

/** The lines of a batch: what each asks for, and the clips that it becomes. */

export type BatchArgs = Context<'clip.batch'>['args'];
export type Row = NonNullable<BatchArgs['rows']>[number];
export type Told = Awaited<ReturnType<typeof hand>>;

/** Lines that are worked at together: the engine makes a few clips at once. */
const AT_ONCE = 4;

/** A clip is made longer than it must last by so many seconds: it may begin late. */
const LATE = 0.5;

/** A line whose files are numbered from `first` on. */
export interface Line {
  row: Row;
  first: number;
}

/** A written file, as a row of the sheet. */
export interface SheetEntry {
  index: number;
  told: Told;
  facts: Pick<CsvRow, 'clip' | 'class' | 'seed' | 'voice' | 'catId' | 'fxName'>;
}

/** What was done before a restart. */
export interface Known {
  files: Map<number, SheetEntry>;
  skipped: Set<number>;
}

export function numbered({ clips = [], rows = [] }: Pick<BatchArgs, 'clips' | 'rows'>): Line[] {
  let first = 0;
  return [...clips.map((clip): Row => ({ clip, count: 1, candidates: 1 })), ...rows].map((row) => {
    const line = { row, first };
    first += row.count;
    return line;
  });
}

export function filesOf(args: Pick<BatchArgs, 'clips' | 'rows'>): number {
  return numbered(args).reduce((sum, { row }) => sum + row.count, 0);
}

/** The same order with nothing left open: what is drawn, and which voice is active, is settled when it is accepted. */
export async function settled({ catalog }: Pick<GenerationDeps, 'catalog'>, args: BatchArgs): Promise<BatchArgs> {
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

type RowSettings = Partial<Pick<Row, 'catId' | 'fxName' | 'userData' | 'take' | 'at' | 'length'>>;

/** What a line says of its file of this index; a cue's files are named by its number and the take's. */
export function settingsOf({ row, first }: Line, index: number): RowSettings {
  const { catId, fxName, take, at, length, cue, count } = row;
  const number = index - first + 1;
  const named = cue === undefined ? undefined : `c${String(cue).padStart(3, '0')}${count > 1 ? ` take ${number}` : ''}`;
  const { userData = named } = row;
  const given = Object.entries({ catId, fxName, userData, take, at, length });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Generates the clips of a line, and passes each on as soon as it is saved; those of an earlier run come first. */
export async function generate(
  deps: GenerationDeps,
  context: Context<'clip.batch'>,
  { row, first, job, known, isPaused }: Line & { job: string; known: Known; isPaused: () => boolean },
  onClip: (index: number, clip: string) => Promise<void>,
): Promise<void> {
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
    length: lengthFor(voice, row),
    envelope: row.envelope,
    density: row.density,
  };
  const takes = seedsFrom(seed, row.count).map((one) => ({ seed: one }));
  // It may have been paused, and have gone on, since this line's turn came.
  const setJob = (id: string): void => void deps.scheduler.pause(id, isPaused());
  const quiet = { session, signal, setJob, emit: () => undefined };
  const made = madeBefore(deps, { row, first, job, known });
  const onSaved = (take: number, clip: string): Promise<void> => onClip(first + take, clip);
  for (const [take, { clip }] of made) await onSaved(take, clip);
  const origin = deps.journal?.has(job) === true ? { origin: { job, first } } : {};
  const { candidates } = row;
  const plan = { ...voiceClass, args, begun: performance.now(), seed, takes, candidates, made, ...origin };
  await generateClips(deps, quiet, { ...plan, group: job }, onSaved);
}

/** Only where a clip as the voice makes it is too short: else the file alone is cut. */
function lengthFor({ rate, samples }: Voice, { length = 0 }: Row): number | undefined {
  const needed = Math.min(limits.seconds, length + LATE);
  return needed * rate > samples && length > 0 ? needed : undefined;
}

function classOf(voice: Voice, { class: wanted, guidance, avoid }: Row): VoiceClass {
  return voiceClassOf(voice, {
    class: classFromText(wanted!),
    guidance,
    avoid: avoid === undefined ? undefined : classFromText(avoid),
  });
}

/** What the lines' names were understood as, each once. A line whose class is not known is told of when its turn comes. */
export async function understoodIn(
  { catalog }: Pick<GenerationDeps, 'catalog'>,
  { rows = [] }: BatchArgs,
): Promise<Understood[]> {
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
  deps: GenerationDeps,
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
export async function inTurn(
  lines: readonly Line[],
  work: (line: Line) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
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
