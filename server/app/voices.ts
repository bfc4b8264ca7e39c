import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { UntrustedVoices } from '../evaluation/untrusted-voices.ts';
import { openTraining } from '../training/open.ts';
import { Uploads } from '../training/uploads.ts';
import type { LogLine } from '../util/log-line.ts';
import { VoiceStore } from '../voices/store.ts';
import type { Data } from './data.ts';

/** Bytes of disk that stay free beside a voice that is brought in. */
const FREE_DISK = 256 * 2 ** 20;
const TRAINER = fileURLToPath(new URL('../../models/trainer', import.meta.url));

export interface OpenVoices {
  config: Config;
  data: Pick<Data, 'catalog' | 'trash' | 'isOwner'>;
  log: LogLine;
}

/** Where further voices come from: training, and voice files that are imported and tried in processes of their own. */
export function openVoices({ config, data: { catalog, trash, isOwner }, log }: OpenVoices) {
  const { limits } = config;
  const training = openTraining({
    data: config.data,
    trainer: TRAINER,
    python: config.python,
    limits,
    isOwner,
    findVoice: (id) => catalog.find(id),
    trash,
    log,
  });
  const untrusted = new UntrustedVoices();
  const store = new VoiceStore({
    own: path.join(config.data, 'voices'),
    models: config.models,
    maxBytes: limits.voiceBytes,
    freeDisk: FREE_DISK,
    trash,
    check: async (voice) => {
      for (const model of voice.models) await untrusted.check(model);
    },
    claimed: (id) => {
      const job = training.trainings.list().find((one) => !one.over && one.order.voice === id);
      return job === undefined ? null : `training ${job.id}`;
    },
  });
  const uploads = new Uploads({
    dir: path.join(config.data, 'voice-uploads'),
    maxBytes: limits.voiceBytes,
    maxFiles: 1,
    most: 4,
    endings: ['.foleyvoice'],
  });
  return { training, untrusted, store, uploads };
}

export type VoiceSources = ReturnType<typeof openVoices>;
