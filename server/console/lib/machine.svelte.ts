import type { EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';
import { player } from './player.svelte.ts';
import { problemsOf } from './problems.ts';
import { takes } from './takes.svelte.ts';

type JobEvent = EventData<'server.watch', 'job'>;
type Pool = EventData<'server.watch', 'pool'>;
type Listed = EventData<'job.list', 'done'>['jobs'][number];

/** A job as its events tell of it. */
export interface Seen {
  job: string;
  state: JobEvent['state'];
  clips: number;
  share: number;
  since: number;
}

export interface Line {
  id: number;
  at: number;
  kind: 'hit' | 'refused' | 'MIDI here';
  text: string;
}

const [MAX_JOBS, MAX_ENDED, MAX_LINES, ASK_MS] = [60, 8, 200, 2000];

/** How a hit sounded. */
const HOW = {
  pool: 'a ready clip',
  generated: 'a clip generated for it',
  live: 'a clip during its generation',
  again: 'an earlier clip, slightly changed',
};

/** The server and all that it does, for everybody: as far as this page is told. */
export class Machine {
  info = $state.raw<EventData<'server.info', 'done'> | null>(null);
  devices = $state.raw<EventData<'device.list', 'done'> | null>(null);
  health = $state.raw<{ status: string; problem: string | null } | null>(null);
  pools = $state<Record<string, Pool>>({});
  lines = $state.raw<Line[]>([]);
  /** Lines come no more until it is let go. */
  held = $state(false);
  /** All was answered once. */
  isKnown = $state(false);
  /** In order of arrival. */
  #jobs = $state<Seen[]>([]);
  /** Jobs of this page, by the names that `server.watch` has for them: those need no admin to be cancelled. */
  mine = $state<Record<string, string>>({});
  /** Jobs that this page may pause and move, by id. */
  listed = $state.raw<Record<string, Listed>>({});
  #lineCount = 0;

  /** Those that run first, then those that wait. */
  open = $derived([...this.#jobs.filter(isRunning), ...this.#jobs.filter(({ state }) => state === 'queued')]);
  /** Open jobs that the table does not list: more than it has lines, or of events that a slow connection missed. */
  unnamed = $state.raw({ running: 0, waiting: 0 });
  /** Those that the table lists. */
  #named = $derived.by(() => {
    const waiting = this.open.filter(({ state }) => state === 'queued').length;
    return { running: this.open.length - waiting, waiting };
  });
  /** With those it cannot list, so that the number and the table say the same. */
  queue = $derived({
    running: this.#named.running + this.unnamed.running,
    waiting: this.#named.waiting + this.unnamed.waiting,
  });
  /** The latest first. */
  ended = $derived(
    this.#jobs
      .filter((job) => !isRunning(job) && job.state !== 'queued')
      .slice(-MAX_ENDED)
      .reverse(),
  );
  isPaused = $derived(Object.values(this.listed).some(({ state }) => state === 'paused'));

  problems = $derived(problemsOf(this, player.problem));

  /** Hears of everything until `signal` aborts. */
  watch(signal: AbortSignal): void {
    // After another connection the names of jobs may be others.
    this.#jobs = [];
    this.unnamed = { running: 0, waiting: 0 };
    link
      .hear('server.watch', { refused: true, open: true }, signal, (event, data) => this.#hear(event, data))
      .catch((error: unknown) => notices.fail('Could not subscribe to jobs and hits', error));
    const asked = [
      link.call('device.list', {}).then((found) => (this.devices = found)),
      link
        .call('pool.info', {})
        .then(({ pools }) => (this.pools = Object.fromEntries(pools.map((pool) => [pool.map, pool])))),
      this.#ask(),
    ];
    void Promise.allSettled(asked).then(() => (this.isKnown = true));
    const timer = setInterval(() => void this.#ask(), ASK_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  /** Finds the jobs of this page among those of all. */
  async know(jobs: readonly string[]): Promise<void> {
    for (const job of jobs) {
      if (job in this.mine) continue;
      const name = await aliasOf(job);
      this.mine[name] = this.mine[job] = job;
    }
  }

  say(kind: Line['kind'], text: string): void {
    if (!this.held)
      this.lines = [{ id: ++this.#lineCount, at: Date.now(), kind, text }, ...this.lines].slice(0, MAX_LINES);
  }

  /** The job behind a line of the table, where this page may act on it. */
  knownOf(job: string): Listed | undefined {
    return this.listed[this.mine[job] ?? job];
  }

  async cancel(job: string): Promise<void> {
    const id = this.mine[job] ?? (link.isAdmin ? job : null);
    if (id === null) {
      if (await link.becomeAdmin())
        notices.say('This page has the admin role now: it can cancel the jobs of other clients.');
      return;
    }
    try {
      const { cancelled } = await link.call('foley.cancel', { job: id });
      if (!cancelled) notices.say('The job had already ended.');
    } catch (error) {
      notices.fail('Could not cancel the job', error);
    }
  }

  async act(job: string, cmd: 'job.pause' | 'job.resume' | 'job.move'): Promise<void> {
    try {
      const { changed } = await link.call(cmd, { job });
      if (cmd === 'job.move')
        notices.say(changed ? 'The job is next in the queue.' : 'The job is running or already next.');
      await this.#list();
    } catch (error) {
      notices.fail('Could not change the job', error);
    }
  }

  /** All jobs that this page may pause: its own, an admin's are everybody's. */
  async pauseAll(): Promise<void> {
    const cmd = this.isPaused ? 'job.resume' : 'job.pause';
    for (const { job, state } of Object.values(this.listed))
      if (['queued', 'running', 'paused'].includes(state)) await link.call(cmd, { job }).catch(() => undefined);
    await this.#list().catch(() => undefined);
  }

  async #ask(): Promise<void> {
    if (link.state !== 'open' || document.hidden) return;
    try {
      await this.#list();
      this.info = await link.call('server.info', {}, { timeoutMs: 5000 });
      this.#count();
      this.health = (await (await fetch('/health')).json()) as Machine['health'];
    } catch {
      // The banner says that the server does not answer.
    }
  }

  /** What the server counts more than the table has. Its answer and the events come in one order, so it is never behind. */
  #count(): void {
    const { running, waiting } = this.info!.queue;
    this.unnamed = {
      running: Math.max(0, running - this.#named.running),
      waiting: Math.max(0, waiting - this.#named.waiting),
    };
  }

  /** One of those that had no name is named now. */
  #nameOne(state: JobEvent['state']): void {
    const { running, waiting } = this.unnamed;
    if (state === 'started' && waiting > 0) this.unnamed = { running, waiting: waiting - 1 };
    else if (state !== 'queued' && running > 0) this.unnamed = { running: running - 1, waiting };
  }

  async #list(): Promise<void> {
    const { jobs: found } = await link.call('job.list', { jobs: [...new Set(Object.values(this.mine))].slice(-200) });
    this.listed = Object.fromEntries(found.map((job) => [job.job, job]));
    for (const { job, own, state, clips, made } of found) {
      const alias = await aliasOf(job);
      if (own) this.mine[alias] = this.mine[job] = job;
      // Of those that were there before this view no event may come for long.
      const isOpen = state === 'queued' || state === 'running' || state === 'paused';
      if (isOpen && !this.#jobs.some((seen) => seen.job === alias || seen.job === job))
        this.#jobs.push({
          job: link.isAdmin ? job : alias,
          state: state === 'running' ? 'started' : 'queued',
          clips,
          share: made / clips,
          since: Date.now(),
        });
    }
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'job') this.#hearJob(data as JobEvent);
    else if (event === 'pool') {
      const pool = data as Pool;
      this.pools[pool.map] = pool;
    } else if (event === 'hit') {
      const { map, from, late, remaining, seed } = data as EventData<'server.watch', 'hit'>;
      const delay = late > 0 ? `, ${late.toFixed(1)} ms late` : '';
      this.say('hit', `${map} played ${HOW[from]}, seed ${seed}, ${remaining} left${delay}`);
    } else if (event === 'refused') {
      const { transport, address, code, message } = data as EventData<'server.watch', 'refused'>;
      this.say('refused', `${transport}${address === '' ? '' : ` from ${address}`}: ${message} (${code})`);
    }
  }

  #hearJob({ job, state, clips, created = Date.now(), made = 0, index = 0, row, rows }: JobEvent): void {
    let seen = this.#jobs.find((one) => one.job === job);
    if (seen === undefined) {
      if (state === 'queued' && this.open.length >= MAX_JOBS) {
        this.unnamed = { ...this.unnamed, waiting: this.unnamed.waiting + 1 };
        return;
      }
      const fresh: Seen = { job, state, clips: clips ?? 1, share: made / (clips ?? 1), since: created };
      this.#jobs = [...this.ended.toReversed(), ...this.open, fresh];
      this.#nameOne(state);
      seen = this.#jobs.at(-1)!;
    }
    seen.state = state;
    if (clips !== undefined) seen.clips = clips;
    if (row !== undefined && rows !== undefined)
      seen.share = Math.max(seen.share, (index + (row + 1) / rows) / seen.clips);
    if (state === 'done') seen.share = 1;
  }
}

function isRunning({ state }: Seen): boolean {
  return state === 'started' || state === 'row';
}

/** Ids of the jobs that this page has running. */
export function runningJobs(): string[] {
  return takes.running.map(({ job }) => job).filter((job) => job !== null);
}

/** What clients that are not admins are told in place of a job's id. */
async function aliasOf(job: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`watched ${job}`));
  return [...new Uint8Array(hash).slice(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Of the day, by a clock of 24 hours. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hourCycle: 'h23' });
}
