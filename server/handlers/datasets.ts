import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Args, type EventData, ProtocolError } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { DataSet } from '../training/dataset.ts';
import type { DataSets } from '../training/datasets.ts';
import type { TrainingJobs } from '../training/jobs.ts';
import type { Uploads } from '../training/uploads.ts';

export interface DatasetDeps {
  datasets: DataSets;
  uploads: Uploads;
  trainings: TrainingJobs;
  clips: Clips;
  /** Folders that data sets may be made of. */
  datasetFolders: readonly string[];
  datasetBytes: number;
  /** Resolves with the real place of a folder that may be read. */
  checkFolder: (folder: string, allowed: readonly string[], maxBytes: number) => Promise<string>;
  ready: () => Promise<void>;
}

type Report = EventData<'dataset.info', 'done'>;

/** `dataset.upload`. */
export function datasetUpload({ uploads, datasets }: DatasetDeps): Handler<'dataset.upload'> {
  return async ({ args: { upload, file, offset, data } }) => {
    // Said before gigabytes are sent, not after.
    if (!(await uploads.has(upload))) await datasets.checkTrainer();
    return { upload, file, bytes: await uploads.write(upload, file, offset, Buffer.from(data, 'base64')) };
  };
}

/** `dataset.add`. */
export function datasetAdd(deps: DatasetDeps): Handler<'dataset.add'> {
  return async ({ args, emit, signal }) => {
    await deps.ready();
    const source = await sourceOf(deps, args);
    try {
      emit('accepted', { dataset: args.dataset });
      let done = 0;
      const { seconds, licence, author, notes } = args;
      const made = await deps.datasets.add(
        {
          id: args.dataset,
          folder: source.folder,
          seconds,
          licence,
          author,
          notes,
          source: source.what,
          class: source.sorted ? null : (args.class ?? null),
        },
        (checked) => emit('progress', { ...checked, done: ++done }, true),
        signal,
      );
      if (args.upload !== undefined) await deps.uploads.remove(args.upload);
      return report(made);
    } finally {
      await source.dispose();
    }
  };
}

/** `dataset.list`. */
export function datasetList({ datasets }: DatasetDeps): Handler<'dataset.list'> {
  return async () => {
    const found = await datasets.list();
    return {
      datasets: found.map((set) => {
        const {
          silent: _,
          clipped: __,
          duplicates: ___,
          dropped: ____,
          skipped: _____,
          copies: ______,
          ...short
        } = report(set);
        return short;
      }),
    };
  };
}

/** `dataset.info`. */
export function datasetInfo({ datasets }: DatasetDeps): Handler<'dataset.info'> {
  return async ({ args }) => report(await datasets.get(args.dataset));
}

/** `dataset.remove`. */
export function datasetRemove({ datasets, trainings, ready }: DatasetDeps): Handler<'dataset.remove'> {
  return async ({ args }) => {
    await ready();
    const user = trainings.user(args.dataset);
    if (user !== null)
      throw new ProtocolError(
        'bad_args',
        `args.dataset: training ${user} uses it; cancel it first, or wait for its end`,
        { path: 'args.dataset' },
      );
    const trashed = await datasets.remove(args.dataset);
    return { removed: args.dataset, until: trashed?.until ?? null };
  };
}

/** `dataset.restore`. */
export function datasetRestore({ datasets, ready }: DatasetDeps): Handler<'dataset.restore'> {
  return async ({ args }) => {
    await ready();
    return { restored: (await datasets.restore(args.dataset)).id };
  };
}

function report({ id, ...set }: DataSet): Report {
  return { dataset: id, ...set };
}

interface Source {
  folder: string;
  what: string;
  /** Whether its folders say the classes, whatever else was said. */
  sorted: boolean;
  dispose: () => Promise<void>;
}

async function sourceOf(deps: DatasetDeps, args: Args<'dataset.add'>): Promise<Source> {
  const dispose = async (): Promise<void> => undefined;
  if (args.upload !== undefined)
    return { folder: await deps.uploads.folder(args.upload), what: 'upload', sorted: false, dispose };
  if (args.folder !== undefined) {
    const folder = await deps.checkFolder(args.folder, deps.datasetFolders, deps.datasetBytes);
    return { folder, what: `folder ${path.basename(folder)}`, sorted: false, dispose };
  }
  return clipSource(deps.clips, args);
}

/** Saved clips as a folder per class. */
async function clipSource(clips: Clips, args: Args<'dataset.add'>): Promise<Source> {
  const ids = args.clips ?? starred(clips);
  if (ids.length === 0) throw new ProtocolError('bad_dataset', 'no clip is starred; star the clips to use');
  const folder = await mkdtemp(path.join(tmpdir(), 'foleyd-clips-'));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const id of new Set(ids)) {
      const clip = await clips.get(id);
      const label = args.class ?? (typeof clip.class === 'string' ? clip.class : null);
      if (label === null)
        throw new ProtocolError('bad_args', `args.class: clip ${id} has no class, or several; name the class`, {
          path: 'args.class',
        });
      // A class comes from a voice's card or a client: neither may leave the folder.
      const place = path.join(folder, label.replace(/[/\\:*?"<>|\p{Cc}]|^[.-]/gu, '_'));
      await mkdir(place, { recursive: true });
      await writeFile(path.join(place, `${id}.wav`), await clips.read(id));
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { folder, what: args.starred === true ? 'starred clips' : 'saved clips', sorted: true, dispose };
}

function starred(clips: Clips): string[] {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = clips.list({ starred: true, limit: 100, ...(after === undefined ? {} : { after }) });
    found.push(...page.clips.map(({ id }) => id));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}
