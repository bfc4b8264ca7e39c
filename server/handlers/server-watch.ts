import { createHash } from 'node:crypto';
import type { EventData } from '../../protocol/index.ts';
import type { Bus, JobEvent } from '../bus.ts';
import type { Handler } from '../registry.ts';
import type { TriggerBank } from '../triggers/bank.ts';

type JobData = EventData<'server.watch', 'job'>;

/** `server.watch`: ends only with its client, or when it is cancelled. */
export function serverWatch({ bus, triggers }: { bus: Bus; triggers: TriggerBank }): Handler<'server.watch'> {
  return ({ args, emit, session, signal }) => {
    const { jobs, hits, pools } = args;
    emit('accepted', { jobs, hits, pools });
    const stops: (() => void)[] = [];
    if (jobs) {
      stops.push(
        bus.subscribe(null, (event, job) => {
          const told = jobData(event);
          if (told !== null) emit('job', { job: session.role === 'admin' ? job : alias(job), ...told }, true);
        }),
      );
    }
    if (hits || pools) {
      stops.push(
        triggers.watch((event) => {
          if (event.type === 'hit' && hits) emit('hit', event.hit, true);
          if (event.type === 'pool' && pools) emit('pool', event.pool, true);
        }),
      );
    }
    return new Promise((_, reject) => {
      const end = (): void => {
        for (const stop of stops) stop();
        reject(signal.reason);
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  };
}

function jobData(event: JobEvent): Omit<JobData, 'job'> | null {
  switch (event.type) {
    case 'queued':
      return { state: 'queued', clips: event.clips };
    case 'started':
      return { state: 'started' };
    case 'row':
      return { state: 'row', index: event.index, row: event.row, rows: event.rows };
    case 'ended':
      return { state: event.outcome };
    default:
      return null;
  }
}

/** Who knows a job's id may cancel it and hear it: others are told a name that tells jobs apart and does nothing. */
function alias(job: string): string {
  return createHash('sha256').update(`watched ${job}`).digest('hex').slice(0, 16);
}
