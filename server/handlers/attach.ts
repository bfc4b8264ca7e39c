import type { Handler } from '../dispatch/dispatcher.ts';
import type { GenerationContext } from '../generation/clip-job.ts';
import type { DetachedJobs } from '../generation/detached-jobs.ts';

/** `foley.attach`: only who was told a job's id knows it, so it is all that is asked for. */
export function attach({ detached }: { detached: DetachedJobs }): Handler<'foley.attach'> {
  return (context) => {
    const { emit, signal, setJob }: Pick<GenerationContext, 'emit' | 'signal' | 'setJob'> = context;
    setJob(context.args.job);
    return detached.attach(context.args.job, emit, signal);
  };
}
