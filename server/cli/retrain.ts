import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { ArgsInput, EventData } from '../../protocol/index.ts';
import { CliError, exits, toCliError } from './errors.ts';
import { onInterrupt } from './interrupt.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import { type Recording, recordings, tellFew } from './recordings-folder.ts';
import type { Session } from './session.ts';
import { earlierPace, FEW_STEPS, planLines, USUAL_PACE } from './training-plan.ts';
import { createTrainingView, type TrainingView } from './training-view.ts';

export interface RetrainOptions extends SessionChoice {
  class?: string;
  as?: string;
  name?: string;
  base?: string;
  scratch?: boolean;
  preset?: string;
  stages?: string;
  minutes?: number;
  steps?: number;
  seed?: string;
  dataset?: string[];
  licence?: string;
  author?: string;
  notes?: string;
  attach?: string;
  json?: boolean;
}

type Done = EventData<'admin.retrain', 'done'>;

/** Share of a stage's budget after which its pace is known. */
const TELLING = 0.02;
/** Bytes of a recording in one message. */
const PIECE = 384 * 1024;

/**
 * `foleyd retrain FOLDER`: brings the recordings to the server, makes a data set of them and trains. The same recordings
 * are brought once. Ctrl-C leaves a server's training running; one in this process goes on with the next foleyd.
 */
export async function retrain(folder: string | undefined, options: RetrainOptions): Promise<number> {
  if (folder === undefined && options.attach === undefined && (options.dataset ?? []).length === 0)
    throw new CliError(
      'usage',
      'name a folder of recordings, as in: foleyd retrain ./my-footsteps --class CreakyFloor',
    );
  const session = await openSession(options);
  const view = createTrainingView(process.stderr, options.json === true ? process.stdout : null);
  let job: string | null = null;
  let steps = 0;
  /** Stages whose pace was told. */
  const told = new Set<string>();
  const interrupted = onInterrupt(() => void session.close());
  const onEvent = (event: string, data: Record<string, unknown>): void => {
    if (event === 'accepted') job = String(data.job);
    if (event === 'step') steps = Math.max(steps, Number(data.step));
    view.event(event, data);
    const { stage, step, share } = data as { stage?: string; step?: number; share?: number };
    if (event !== 'step' || step === undefined || share === undefined || share < TELLING || told.has(String(stage)))
      return;
    told.add(String(stage));
    const fitting = Math.floor(step / share);
    if (fitting < FEW_STEPS) view.note(`${stage}: at this pace about ${fitting} steps fit, too few to learn a class`);
  };
  try {
    const done =
      options.attach === undefined
        ? await train(session, folder, options, view, onEvent)
        : await session.call('admin.attach', { job: options.attach }, onEvent);
    view.end();
    if (options.json === true) view.event('done', done);
    else process.stdout.write(`${done.voice}\n`);
    if (options.json !== true && steps < FEW_STEPS)
      process.stderr.write(
        `foleyd: voice ${done.voice} was trained for only ${steps} steps and has learned little: give it more time with --minutes, or --steps\n`,
      );
    else if (options.json !== true)
      process.stderr.write(`voice ${done.voice} is finished; to make it active: foleyd activate ${done.voice}\n`);
    return exits.ok;
  } catch (thrown) {
    view.end();
    if (!interrupted.happened) {
      if (options.json === true) view.event('failed', { ...toCliError(thrown), message: toCliError(thrown).message });
      throw thrown;
    }
    if (job !== null)
      process.stderr.write(`the training continues on the server; to follow it: foleyd retrain --attach ${job}\n`);
    return exits.interrupted;
  } finally {
    interrupted.stop();
    await session.close();
  }
}

async function train(
  session: Session,
  folder: string | undefined,
  options: RetrainOptions,
  view: TrainingView,
  onEvent: (event: string, data: Record<string, unknown>) => void,
): Promise<Done> {
  const datasets = [...(options.dataset ?? [])];
  const files = folder === undefined ? [] : await recordings(folder, options.class);
  await tellPlan(session, options, view);
  if (folder !== undefined) datasets.push(await datasetOf(session, folder, files, options, view));
  const { name, base, scratch, preset, minutes, steps, seed } = options;
  const voice = options.as ?? (await freeName(session, slug(folder ?? datasets[0] ?? 'voice')));
  const given = { name, base, scratch, preset, minutes, steps, seed, stages: options.stages?.split(',') };
  const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return session.call('admin.retrain', { voice, datasets, ...args } as ArgsInput<'admin.retrain'>, onEvent);
}

/** Before anything is sent: what the budget comes to on this machine. */
async function tellPlan(session: Session, options: RetrainOptions, view: TrainingView): Promise<void> {
  // What a preset costs from scratch nobody measured; its first steps tell.
  if (options.scratch === true) return;
  const { base, minutes, steps } = options;
  const pace = await earlierPace(session, base);
  for (const line of planLines({ minutes, steps, stages: options.stages?.split(',') }, pace ?? USUAL_PACE))
    view.note(line);
  if (pace === null)
    view.note('this is an estimate for two CPU cores, because nothing was trained here yet; the first steps tell more');
}

/** The data set of a folder: found again by what is in it, else brought there. */
async function datasetOf(
  session: Session,
  folder: string,
  files: readonly Recording[],
  options: RetrainOptions,
  view: TrainingView,
): Promise<string> {
  tellFew(files, options.class);
  const { licence, author, notes } = options;
  const content = JSON.stringify([
    options.class,
    licence,
    author,
    files.map(({ name, bytes, time }) => [name, bytes, time]),
  ]);
  const id = `${slug(folder)}-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
  const { datasets } = await session.call('dataset.list', {});
  if (datasets.some(({ dataset }) => dataset === id)) return id;
  for (const [i, { file, name }] of files.entries()) {
    view.event('progress', { part: 'recordings sent', done: i, of: files.length });
    await send(session, id, file, name);
  }
  const given = { licence, author, notes, class: options.class };
  const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const made = await session.call('dataset.add', { dataset: id, upload: id, ...args }, (event, data) => {
    if (event === 'progress') view.event('progress', { part: 'recordings cut', done: data.done, of: files.length });
  });
  view.dataset(made);
  return id;
}

async function send(session: Session, upload: string, place: string, file: string): Promise<void> {
  const handle = await open(place);
  try {
    const piece = Buffer.alloc(PIECE);
    for (let offset = 0; ; ) {
      const { bytesRead } = await handle.read(piece, 0, PIECE, offset);
      if (bytesRead === 0 && offset > 0) return;
      const data = piece.subarray(0, bytesRead).toString('base64');
      await session.call('dataset.upload', { upload, file, offset, data });
      offset += bytesRead;
      if (bytesRead < PIECE) return;
    }
  } finally {
    await handle.close();
  }
}

function slug(folder: string): string {
  const word = path
    .basename(path.resolve(folder))
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return (word === '' ? 'sounds' : word).slice(0, 48);
}

async function freeName(session: Session, wish: string): Promise<string> {
  const { voices } = await session.call('voice.list', {});
  const { jobs } = await session.call('admin.jobs', {});
  const taken = new Set([...voices.map(({ id }) => id), ...jobs.map(({ voice }) => voice)]);
  for (let i = 1; ; i++) {
    const id = i === 1 ? wish : `${wish}-${i}`;
    if (!taken.has(id)) return id;
  }
}
