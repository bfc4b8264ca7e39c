import type { Handler } from '../registry.ts';
import type { KeptJobs } from './kept.ts';
import type { Making } from './making.ts';

/** `foley.attach`: only who was told a job's id knows it, so it is all that is asked for. */
export function attach({ kept }: { kept: KeptJobs }): Handler<'foley.attach'> {
  return (context) => {
    const { emit, signal, setJob }: Pick<Making, 'emit' | 'signal' | 'setJob'> = context;
    setJob(context.args.job);
    return kept.attach(context.args.job, emit, signal);
  };
}
