import path from 'node:path';
import { isErrorCode, ProtocolError } from '../../protocol/index.ts';
import { throwShortage } from '../util/shortage.ts';
import type { Trash } from '../util/trash.ts';
import { DataSets } from './datasets.ts';
import { TrainingJobs, type TrainingOptions } from './jobs.ts';
import { TrainerFinder } from './python.ts';
import { checkFolder } from './recordings-folder.ts';
import { Uploads } from './uploads.ts';

export interface OpenTraining {
  /** The server's data folder, and the trainer's. */
  data: string;
  trainer: string;
  python: string | undefined;
  limits: Record<
    'trainings' | 'trainingMemory' | 'trainingFreeMemory' | 'trainingFreeDisk' | 'datasetBytes' | 'datasetHours',
    number
  >;
  /** Whether this process may change what is in the data folder. */
  isOwner: () => boolean;
  findVoice: TrainingOptions['findVoice'];
  trash: Trash;
  log: TrainingOptions['log'];
}

/** Opens data sets and trainings. Unfinished ones of an earlier run are resumed by `restore`, or on first use. */
export function openTraining({ data, trainer, python, limits, isOwner, findVoice, trash, log }: OpenTraining) {
  const finder = new TrainerFinder({ folder: trainer, python });
  const room = {
    memory: limits.trainingMemory,
    freeMemory: limits.trainingFreeMemory,
    freeDisk: limits.trainingFreeDisk,
  };
  const { datasetHours: hours } = limits;
  const datasets = new DataSets({ dir: path.join(data, 'datasets'), finder, room, hours, trash });
  const uploads = new Uploads({ dir: path.join(data, 'uploads'), maxBytes: limits.datasetBytes });
  const trainings = new TrainingJobs({
    dir: path.join(data, 'training'),
    voices: path.join(data, 'voices'),
    finder,
    room,
    most: limits.trainings,
    findVoice,
    log,
    // A broken voice has its name too.
    hasVoice: (id) =>
      findVoice(id).then(
        () => true,
        (error: { code?: unknown }) => {
          if (isErrorCode(error.code)) return error.code !== 'unknown_voice';
          throw error;
        },
      ),
    findDataset: (id) => datasets.corpus(id),
  });
  let restored: Promise<void> | null = null;
  let asOwner = false;
  // Another process's jobs are read, and read anew each time: they change there.
  const restore = (): Promise<void> => {
    if (!asOwner && !isOwner()) return trainings.restore(false);
    asOwner = true;
    restored ??= datasets.open().then(() => trainings.restore());
    return restored;
  };
  return {
    datasets,
    uploads,
    trainings,
    checkFolder,
    restore,
    /** Whoever asks before the earlier jobs are known waits. */
    ready: (): Promise<void> =>
      restore().catch((cause: unknown) => {
        throwShortage(cause, 'earlier trainings could not be read');
        throw new ProtocolError('io_error', 'earlier trainings could not be read', { cause });
      }),
    close: async (): Promise<void> => {
      await restored?.catch(() => undefined);
      await Promise.all([trainings.close(), datasets.close()]);
    },
  };
}
