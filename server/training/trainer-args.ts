import type { TrainingOrder } from './journal.ts';

export interface TrainerFolders {
  job: string;
  /** Where it works. */
  out: string;
  corpora: readonly string[];
  /** Of the voice it starts from; null starts from the weights of a preset. */
  base: string | null;
}

/** Arguments of the trainer's command line. */
export function trainerArgs(order: TrainingOrder, { job, out, corpora, base }: TrainerFolders): string[] {
  return [
    ...['retrain', '--supervised', '--job', job, '--out', out, '--id', order.voice, '--name', order.name],
    ...corpora.flatMap((corpus) => ['--data', corpus]),
    ...(base === null ? ['--preset', order.preset] : ['--base', base]),
    ...(order.classes ?? []).flatMap((label) => ['--only', label]),
    ...(order.stages === null ? [] : ['--stages', order.stages.join(',')]),
    ...(order.minutes === null ? ['--steps', String(order.steps)] : ['--minutes', String(order.minutes)]),
    ...['--seed', String(order.seed), '--threads', String(order.threads)],
  ];
}
