import type { Handler } from '../dispatch/dispatcher.ts';
import type { Making } from '../generation/clip-job.ts';
import type { KeptJobs } from '../generation/detached-jobs.ts';

/** `foley.attach`: only who was told a job's id knows it, so it is all that is asked for. */
export function attach({ kept }: { kept: KeptJobs }): Handler<'foley.attach'> {
  return (context) => {
    const { emit, signal, setJob }: Pick<Making, 'emit' | 'signal' | 'setJob'> = context;
    setJob(context.args.job);
    return kept.attach(context.args.job, emit, signal);
  };
}
