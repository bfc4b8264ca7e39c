/** The trainer that is a script, and what is asked of it. */
import { fileURLToPath } from 'node:url';
import type { Job } from '../../training/job.ts';
import type { TrainingOrder } from '../../training/journal.ts';

const script = fileURLToPath(new URL('./scripted-trainer.mjs', import.meta.url));

export const finder = { find: async () => ({ file: process.execPath, args: [script], env: process.env }) };

/** Of every resource as much as a training may want. */
export const room = { memory: 2 ** 40, freeMemory: 0, freeDisk: 0 };

export const order: TrainingOrder = {
  voice: 'v',
  name: 'plain',
  datasets: ['d'],
  base: null,
  classes: null,
  stages: null,
  minutes: null,
  steps: 8,
  preset: 'tiny',
  seed: 0,
  threads: 1,
};

export function over(job: Job): Promise<void> {
  return new Promise((resolve) => {
    job.watch(() => job.over && resolve());
    if (job.over) resolve();
  });
}
