import { createHash } from 'node:crypto';
import { type EventData, limits, ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { JobEvent, JobEventBus } from '../dispatch/job-events.ts';
import type { Refusals } from '../dispatch/refusals.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Dates } from '../playback/clock.ts';
import type { TriggerBank } from '../triggers/bank.ts';

type JobData = EventData<'server.watch', 'job'>;

export interface WatchDeps {
  bus: JobEventBus;
  scheduler: Scheduler;
  triggers: TriggerBank;
  refusals: Refusals;
  clock: Dates;
  /** Milliseconds that a client which may leave unseen can be silent. */
  watchQuietMs: number;
}

/**
 * `server.watch`: ends with its client, or when it is cancelled. Of a client that may leave unseen (UDP) nobody knows
 * whether it is still there, or asked at all, for a sender can be feigned: it is told a bounded number of events a
 * second, and none any more once it has not been heard for a while.
 */
export function serverWatch(deps: WatchDeps): Handler<'server.watch'> {
  const { bus, scheduler, triggers, refusals, clock, watchQuietMs } = deps;
  const watches = new Map<string, number>();
  let total = 0;
  const count = (session: string, change: 1 | -1): void => {
    const now = (watches.get(session) ?? 0) + change;
    if (now === 0) watches.delete(session);
    else watches.set(session, now);
    total += change;
  };

  return ({ args, emit, session, signal }) => {
    const { jobs, hits, pools, refused, open } = args;
    if ((watches.get(session.id) ?? 0) >= limits.watches)
      throw new ProtocolError(
        'queue_full',
        `this connection already has ${limits.watches} watches; end one with foley.cancel`,
      );
    if (total >= limits.watchesTotal)
      throw new ProtocolError('queue_full', `${total} watches are already open; try again later`);
    emit('accepted', { jobs, hits, pools });
    count(session.id, 1);
    const budget = new Budget(session.lasting ? Number.POSITIVE_INFINITY : limits.watchPerSecond);
    const stops: (() => void)[] = [() => count(session.id, -1)];
    if (jobs) {
      const tell = (job: string, told: Omit<JobData, 'job'>): void => {
        if (budget.take(told.state === 'row'))
          emit('job', { job: session.role === 'admin' ? job : alias(job), ...told }, true);
      };
      for (const { id, state, clips, made, created } of open ? scheduler.list() : []) {
        tell(id, { state: 'queued', clips, created, made });
        if (state === 'running') tell(id, { state: 'started' });
      }
      stops.push(
        bus.subscribe((event, job) => {
          const told = jobData(event);
          if (told !== null) tell(job, told);
        }),
      );
    }
    if (hits || pools) {
      stops.push(
        triggers.watch((event) => {
          if (event.type === 'hit' && hits && budget.take())
            emit('hit', { ...event.hit, at: clock.dateOf(event.hit.at) }, true);
          if (event.type === 'underrun' && hits && budget.take()) emit('underrun', event.underrun, true);
          if (event.type === 'pool' && pools && budget.take()) emit('pool', event.pool, true);
        }),
      );
    }
    if (refused) {
      stops.push(
        refusals.watch((refusal) => {
          if (budget.take()) emit('refused', session.role === 'admin' ? refusal : { ...refusal, address: '' }, true);
        }),
      );
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        for (const one of stops) one();
      };
      const end = (): void => {
        stop();
        reject(signal.reason);
      };
      if (signal.aborted) return end();
      signal.addEventListener('abort', end, { once: true });
      if (session.lasting) return;
      const look = setInterval(
        () => {
          if (performance.now() - session.heard < watchQuietMs) return;
          signal.removeEventListener('abort', end);
          stop();
          resolve({});
        },
        Math.min(1000, watchQuietMs / 2),
      );
      stops.push(() => clearInterval(look));
    });
  };
}

/** So many events in each second. Rows leave a quarter of them to the others, of which there are few. */
class Budget {
  readonly #perSecond: number;
  #second = 0;
  #taken = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  take(isRow = false): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) [this.#second, this.#taken] = [second, 0];
    if (this.#taken >= this.#perSecond * (isRow ? 0.75 : 1)) return false;
    this.#taken += 1;
    return true;
  }
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
