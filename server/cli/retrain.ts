import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type ArgsInput, type EventData, parseArgs } from '../../protocol/index.ts';
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
 * `foleyd retrain FOLDER`: uploads the recordings as a data set and trains. Recordings that were uploaded before are
 * not uploaded again. Ctrl-C leaves a server's training running; one in this process is resumed by the next foleyd.
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
  const files = folder === undefined ? [] : await recordings(folder, options.class);
  const { name, base, scratch, preset, minutes, steps, seed } = options;
  const datasets = [...(options.dataset ?? [])];
  const given = { name, base, scratch, preset, minutes, steps, seed, stages: options.stages?.split(',') };
  const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // What the server would refuse only after the recordings were sent.
  parseArgs('admin.retrain', { voice: options.as ?? 'voice', datasets: [...datasets, 'sounds'], ...args });
  if (base !== undefined) await session.call('voice.info', { voice: base });
  for (const dataset of datasets) await session.call('dataset.info', { dataset });
  const voice = await nameOf(session, options.as, slug(folder ?? datasets[0] ?? 'voice'));
  const plan = await planOf(session, options);
  let isTold = false;
  /** What to expect, once the server has shown that it can train. */
  const tell = (): void => {
    if (isTold) return;
    isTold = true;
    for (const line of plan) view.note(line);
    tellFew(files, options.class);
  };
  if (folder !== undefined) datasets.push(await datasetOf(session, folder, files, { options, view, begun: tell }));
  return session.call(
    'admin.retrain',
    { voice, datasets, ...args } as ArgsInput<'admin.retrain'>,
    (event, data): void => {
      if (event === 'accepted') tell();
      onEvent(event, data);
    },
  );
}

/** What the budget comes to on this machine. */
async function planOf(session: Session, { scratch, base, minutes, steps, stages }: RetrainOptions): Promise<string[]> {
  // What a preset costs from scratch nobody measured; its first steps tell.
  if (scratch === true) return [];
  const pace = await earlierPace(session, base);
  const plan = planLines({ minutes, steps, stages: stages?.split(',') }, pace ?? USUAL_PACE);
  if (pace === null)
    plan.push('this is an estimate for two CPU cores, because nothing was trained here yet; the first steps tell more');
  return plan;
}

interface Sending {
  options: RetrainOptions;
  view: TrainingView;
  /** Called when the server has taken the first piece, and so can train. */
  begun: () => void;
}

/** The data set of a folder: found again by what is in it, else brought there. */
async function datasetOf(
  session: Session,
  folder: string,
  files: readonly Recording[],
  { options, view, begun }: Sending,
): Promise<string> {
  const { licence, author, notes } = options;
  const content = JSON.stringify([
    options.class,
    licence,
    author,
    files.map(({ name, bytes, time }) => [name, bytes, time]),
  ]);
  const id = `${slug(folder)}-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
  const given = { licence, author, notes, class: options.class };
  const args = {
    dataset: id,
    upload: id,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  parseArgs('dataset.add', args);
  const { datasets } = await session.call('dataset.list', {});
  if (datasets.some(({ dataset }) => dataset === id)) return id;
  for (const [i, { file, name }] of files.entries()) {
    await send(session, { upload: id, place: file, file: name }, begun);
    view.event('progress', { part: 'recordings sent', done: i + 1, of: files.length });
  }
  const made = await session.call('dataset.add', args, (event, data) => {
    if (event === 'progress') view.event('progress', { part: 'recordings cut', done: data.done, of: files.length });
  });
  view.dataset(made);
  return id;
}

/** `taken` is called after each piece. */
async function send(
  session: Session,
  { upload, place, file }: { upload: string; place: string; file: string },
  taken: () => void,
): Promise<void> {
  const handle = await open(place);
  try {
    const piece = Buffer.alloc(PIECE);
    for (let offset = 0; ; ) {
      const { bytesRead } = await handle.read(piece, 0, PIECE, offset);
      if (bytesRead === 0 && offset > 0) return;
      const data = piece.subarray(0, bytesRead).toString('base64');
      await session.call('dataset.upload', { upload, file, offset, data });
      taken();
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

/** The name that was given, or one like the wish. Throws already_exists. */
async function nameOf(session: Session, given: string | undefined, wish: string): Promise<string> {
  const { voices } = await session.call('voice.list', {});
  const { jobs } = await session.call('admin.jobs', {});
  const ids = voices.map(({ id }) => id);
  if (given !== undefined) {
    const coming = jobs.filter(({ state }) => ['queued', 'running', 'paused'].includes(state));
    const taken = [...ids, ...coming.map(({ voice }) => voice)].find((id) => id.toLowerCase() === given.toLowerCase());
    if (taken === undefined) return given;
    throw new CliError(
      'already_exists',
      `--as ${given}: voice ${taken} exists, or a training will create it; choose another name`,
    );
  }
  const taken = new Set([...ids, ...jobs.map(({ voice }) => voice)]);
  for (let i = 1; ; i++) {
    const id = i === 1 ? wish : `${wish}-${i}`;
    if (!taken.has(id)) return id;
  }
}
