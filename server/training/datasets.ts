import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileNameKey } from '../../protocol/file-name.ts';
import { folderName, ProtocolError } from '../../protocol/index.ts';
import { exists, noFile, writeAtomic } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { eitherSignal } from '../util/either-signal.ts';
import { orAborted } from '../util/or-aborted.ts';
import { readIfThere } from '../util/persistent-file.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import { unlessShort } from '../util/shortage.ts';
import { move, type Trash, type TrashItem } from '../util/trash.ts';
import {
  type CheckedRecording,
  type DataSet,
  described,
  type NewDataSet,
  readManifest,
  writeManifest,
} from './dataset.ts';
import { makeCorpus } from './make-corpus.ts';
import type { Finder } from './python.ts';
import type { ResourceLimits } from './resource-limits.ts';

export interface DataSetOptions {
  dir: string;
  finder: Finder;
  room: ResourceLimits;
  /** Hours of all recordings of a data set, decoded. */
  hours: number;
  /** Milliseconds between looks at memory and disk while a data set is made. */
  checkMs?: number;
  /** Data sets that may wait to be made. */
  most?: number;
  /** Where removed data sets go; without, they are deleted at once. */
  trash?: Trash;
}

const isId = (name: string): boolean => folderName.safeParse(name).success;

/** Data sets as folders: a manifest, a corpus, a report. One appears whole or not at all. */
export class DataSets {
  readonly #options: DataSetOptions & { most: number; checkMs: number };
  readonly #queue = new SerialQueue();
  #waiting = 0;
  readonly #stop = new AbortController();

  constructor(options: DataSetOptions) {
    this.#options = { most: 4, checkMs: 2000, ...options };
  }

  /** What a crash left half made goes. */
  async open(): Promise<void> {
    for (const name of await readdir(this.#options.dir).catch(() => []))
      if (name.startsWith('.')) await rm(path.join(this.#options.dir, name), { recursive: true, force: true });
  }

  async list(): Promise<DataSet[]> {
    const names = ((await readdir(this.#options.dir).catch(noFile)) ?? []).filter(isId).sort();
    // One that cannot be read is named by dataset.info and the like; the others are listed.
    const found = await Promise.all(
      names.map((id) => this.#read(id).catch(unlessShort(null, 'the data sets could not be listed'))),
    );
    return found.filter((set) => set !== null);
  }

  /** Throws unknown_dataset. */
  async get(id: string): Promise<DataSet> {
    const set = isId(id) ? await this.#read(id) : null;
    if (set === null)
      throw new ProtocolError(
        'unknown_dataset',
        `there is no data set ${id.slice(0, 64)}; dataset.list lists the data sets`,
      );
    return set;
  }

  /** Rejects with python_missing or trainer_missing where no data set can be made. */
  async checkTrainer(): Promise<void> {
    await this.#options.finder.find();
  }

  /** Its corpus. Throws unknown_dataset. */
  async corpus(id: string): Promise<string> {
    return path.join(this.#options.dir, (await this.get(id)).id, 'corpus');
  }

  /** Moves it to the trash; resolves with null where it was deleted at once. Throws unknown_dataset, io_error. */
  async remove(id: string): Promise<TrashItem | null> {
    const { id: known } = await this.get(id);
    const { dir, trash } = this.#options;
    const place = path.join(dir, known);
    const gone = path.join(dir, `.${known}-${randomBytes(4).toString('hex')}`);
    try {
      if (trash?.isOn === true) return await trash.put('dataset', known, (into) => move(place, path.join(into, known)));
      await rename(place, gone);
      await rm(gone, { recursive: true, force: true });
      return null;
    } catch (cause) {
      throw new ProtocolError('io_error', `the data set could not be removed: ${diskReason(cause)}`, { cause });
    }
  }

  /** Restores the data set of this id that was removed last. Throws unknown_dataset, already_exists, io_error. */
  async restore(id: string): Promise<DataSet> {
    const { dir, trash } = this.#options;
    const item = (await trash?.find('dataset', id)) ?? null;
    if (trash === undefined || item === null)
      throw new ProtocolError(
        'unknown_dataset',
        `no data set ${id.slice(0, 64)} is in the trash; trash.list lists what is`,
      );
    await this.#refuseTaken(id);
    try {
      await mkdir(dir, { recursive: true });
      await trash.take(item, (from) => move(path.join(from, id), path.join(dir, id)));
    } catch (cause) {
      throw new ProtocolError('io_error', `the data set could not be restored: ${diskReason(cause)}`, { cause });
    }
    return this.get(id);
  }

  /**
   * Cuts recordings into clips, checks them, and keeps what is found. One at a time; `onOriginal` hears of each recording.
   * Rejects with already_exists, queue_full, python_missing, trainer_missing, no_room, bad_dataset, or why `signal` aborted.
   */
  async add(given: NewDataSet, onOriginal: (checked: CheckedRecording) => void, signal: AbortSignal): Promise<DataSet> {
    await this.#refuseTaken(given.id);
    const { most, finder } = this.#options;
    if (this.#waiting >= most)
      throw new ProtocolError('queue_full', `${most} data sets are already being created; try again later`);
    this.#waiting += 1;
    const either = eitherSignal(signal, this.#stop.signal);
    try {
      await orAborted(finder.find(), either.signal);
      // Whoever cancels one that waits is not kept waiting for those before it.
      return await this.#queue.run(() => this.#make(given, onOriginal, either.signal), either.signal);
    } finally {
      either.release();
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new ProtocolError('shutting_down'));
    await this.#queue.ended();
  }

  async #make(
    given: NewDataSet,
    onOriginal: (checked: CheckedRecording) => void,
    signal: AbortSignal,
  ): Promise<DataSet> {
    const { dir, finder, room, hours, checkMs } = this.#options;
    const part = path.join(dir, `.${given.id}-${randomBytes(4).toString('hex')}`);
    const target = path.join(dir, given.id);
    await mkdir(part, { recursive: true });
    try {
      const found = await makeCorpus(given, part, { finder, room, hours, checkMs, onOriginal, signal });
      const set = described(given, found);
      await writeAtomic(path.join(part, 'dataset.json'), writeManifest(set));
      await this.#refuseTaken(given.id);
      await rename(part, target);
      return set;
    } finally {
      await rm(part, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  /** A folder of this name is in the way even where no data set can be read in it. */
  async #refuseTaken(id: string): Promise<void> {
    const names = await readdir(this.#options.dir).catch(unlessShort([], 'the data sets could not be listed'));
    const isTaken = names.some((name) => fileNameKey(name) === fileNameKey(id));
    if (isTaken || (await exists(path.join(this.#options.dir, id))))
      throw new ProtocolError(
        'already_exists',
        `data set ${id} already exists, in this or another case; choose another name`,
        {
          path: 'args.dataset',
        },
      );
  }

  /** Null where there is none, or another's file. Throws io_error. */
  async #read(id: string): Promise<DataSet | null> {
    const text = await readIfThere(path.join(this.#options.dir, id, 'dataset.json')).catch((cause: unknown) => {
      // A plain file in the folder of data sets is none.
      if ((cause as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
      throw new ProtocolError('io_error', `data set ${id} cannot be read: ${diskReason(cause)}`, { cause });
    });
    return text === null ? null : readManifest(text, id);
  }
}
