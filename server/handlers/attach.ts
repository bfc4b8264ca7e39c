import { ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { GenerationContext } from '../generation/context.ts';
import type { DetachedJobs } from '../generation/detached-jobs.ts';
import type { Batches } from './batches.ts';

/** `foley.attach`: needs nothing but the job's id, which only its client knows. */
export function attach({ detached, batches }: { detached: DetachedJobs; batches: Batches }): Handler<'foley.attach'> {
  return (context) => {
    const { emit, signal, setJob }: Pick<GenerationContext, 'emit' | 'signal' | 'setJob'> = context;
    const { job } = context.args;
    // It has no clips to tell; and one that goes on after a restart did not end with it.
    if (batches.has(job))
      throw new ProtocolError(
        'unknown_job',
        'this job is a batch, whose events are not stored; job.list shows its progress',
        {
          path: 'args.job',
        },
      );
    setJob(job);
    return detached.attach(job, emit, signal);
  };
}
