import type { Subscription } from '@nats-io/transport-node';
import type { EngineErrorCode } from '../engine/errors.ts';
import type { AckFloors } from './ack-floors.ts';
import type { Broker } from './broker.ts';
import type { FarmLog } from './link.ts';
import { type FarmEvent, type FarmResult, readEvents, readOutcome } from './messages.ts';
import { JOBS, subjects, type Urgency } from './names.ts';
import { Results, StalledError } from './results.ts';

export interface FarmJob {
  fingerprint: string;
  hash: string;
  bytes: Uint8Array;
  urgency: Urgency;
  onEvent: (event: FarmEvent & { type: 'engine' }) => void;
}

/** How a job ended. `full`: the broker takes no more now. */
export type FarmEnd =
  | { type: 'result'; result: FarmResult; cached: boolean }
  | { type: 'failed'; code: EngineErrorCode; message: string }
  | { type: 'full' };

export interface PendingJob {
  /** Resolves once, or never where it is withdrawn. */
  end: Promise<FarmEnd>;
  /** Milliseconds since its worker was last heard of; it counts from the job's being sent. */
  silentMs(): number;
  /** Nobody waits for it here: it leaves the queue, and whoever makes it stops. Others who wait for it send it again. */
  withdraw(): void;
}

/** Milliseconds between looks at what became of jobs whose message of it may be lost. */
export const LOOK_MS = 2000;
/** Clips that nobody waits for may lie in the queue for hours: each look at one is twice as long after the last, up to this. */
const SELDOM_MS = 32_000;
/** Times that a clip whose pieces do not come is fetched before it counts as lost. */
const STALLS = 3;
/** What the broker says where a stream holds as much as it may, and where this very job waits already. */
const FULL = 10_077;
const WAITS_ALREADY = /maximum messages per subject/;

/** One job until its outcome is known: follows its events, looks it up, sends it again. */
export class Pending implements PendingJob {
  readonly end: Promise<FarmEnd>;
  readonly #job: FarmJob;
  readonly #log: FarmLog;
  readonly #floors: AckFloors;
  readonly #subject: string;
  readonly #onOver: () => void;
  #resolve: (end: FarmEnd) => void = () => undefined;
  #broker: Broker | null = null;
  #subscriptions: Subscription[] = [];
  /** The message of it in the stream, where this process put it there. */
  #sequence: number | null = null;
  #over = false;
  #heard = performance.now();
  #stalls = 0;
  /** When it is looked up again, and how long after the last time that was. */
  #due = performance.now() + LOOK_MS;
  #between = LOOK_MS;
  /** Looks, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(job: FarmJob, log: FarmLog, floors: AckFloors, onOver: () => void) {
    this.#job = job;
    this.#log = log;
    this.#floors = floors;
    this.#onOver = onOver;
    this.#subject = subjects.job(job.urgency, job.fingerprint, job.hash);
    this.end = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  silentMs(): number {
    return performance.now() - this.#heard;
  }

  /** At a broker that is there, or there again. */
  join(broker: Broker): void {
    if (this.#over) return;
    const { nats } = broker;
    if (nats !== this.#broker?.nats) {
      const { hash } = this.#job;
      const heard = (subject: string, hear: (data: Uint8Array) => void): Subscription =>
        nats.subscribe(subject, { callback: (error, { data }) => void (error === null && hear(data)) });
      this.#subscriptions = [
        heard(subjects.events(hash), (data) => this.#hearEvents(data)),
        heard(subjects.outcome(hash), (data) => this.#hearOutcome(data)),
      ];
    }
    this.#broker = broker;
    // A look that the broker left without an answer still waits for it.
    this.#turn = Promise.resolve();
    void this.#lookNow();
  }

  withdraw(): void {
    if (this.#over) return;
    const broker = this.#broker;
    const sequence = this.#sequence;
    this.leave();
    if (broker === null || broker.nats.isClosed()) return;
    if (sequence !== null && sequence > 0)
      broker.manager.streams.deleteMessage(JOBS, sequence, false).catch(() => undefined);
    broker.nats.publish(subjects.cancel(this.#job.hash));
  }

  leave(): void {
    this.#over = true;
    if (this.#broker?.nats.isClosed() === false) for (const one of this.#subscriptions) one.unsubscribe();
    this.#onOver();
  }

  lookIfDue(): Promise<void> {
    const now = performance.now();
    if (now < this.#due) return Promise.resolve();
    this.#between = this.#job.urgency === 'live' ? LOOK_MS : Math.min(SELDOM_MS, 2 * this.#between);
    this.#due = now + this.#between;
    return this.#lookNow();
  }

  /** Finds out what became of it, and sends it where it is nowhere. */
  #lookNow(): Promise<void> {
    this.#turn = this.#turn
      .then(() => this.#look())
      .catch((error: Error) => {
        // The next look, or the broker's return, tries again.
        if (!this.#over) this.#log('debug', `a job of the farm could not be looked up: ${error.message}`);
      });
    return this.#turn;
  }

  async #look(): Promise<void> {
    const broker = this.#broker;
    if (this.#over || broker === null) return;
    const results = new Results(broker);
    const { hash } = this.#job;
    let entry = await results.find(hash);
    if (this.#over) return;
    const cached = this.#sequence === null;
    if (entry?.outcome?.state === 'done') {
      return this.#finish({ type: 'result', result: entry.outcome.result, cached });
    } else if (entry?.outcome?.state === 'stored') {
      const result = await results.fetch(hash, entry.outcome).catch((error: unknown) => {
        if (error instanceof StalledError && ++this.#stalls >= STALLS) return null;
        throw error;
      });
      if (result !== null) return this.#finish({ type: 'result', result, cached });
    } else if (entry?.outcome?.state === 'failed' && this.#sequence !== null) {
      const { code, message } = entry.outcome;
      return this.#finish({ type: 'failed', code, message });
    }
    if (this.#over || (entry?.outcome?.state !== 'stored' && (await this.#isQueued(broker)))) return;
    // It may have been done, and its message gone, since it was looked up.
    const now = this.#sequence === null ? entry : await results.find(hash);
    if (now?.revision !== entry?.revision) return this.#look();
    entry = now;
    // A failure of an earlier attempt, or a clip that is there no more.
    if (entry?.outcome !== undefined && entry.outcome?.state !== 'retrying') await results.forget(hash, entry);
    if (!this.#over) await this.#send(broker, entry?.revision ?? 0);
  }

  /** Whether it lies in the stream, and will be given out. */
  async #isQueued(broker: Broker): Promise<boolean> {
    if (this.#sequence === null) return false;
    const { streams } = broker.manager;
    const message = await streams.getMessage(JOBS, { last_by_subj: this.#subject });
    if (message === null) return false;
    const { urgency, fingerprint } = this.#job;
    if (message.seq > (await this.#floors.of(broker, urgency, fingerprint))) return true;
    this.#log('debug', `message ${message.seq} of the farm's queue, which a killed broker brought back, is removed`);
    await streams.deleteMessage(JOBS, message.seq, false).catch(() => undefined);
    return false;
  }

  /** Everybody who found the same sends the same id: the broker takes one. */
  async #send({ js }: Broker, attempt: number): Promise<void> {
    const { hash, bytes, urgency } = this.#job;
    const again = this.#sequence === null ? '' : `.${this.#sequence}`;
    try {
      const { seq } = await js.publish(this.#subject, bytes, { msgID: `${hash}.${urgency}.${attempt}${again}` });
      this.#sequence = seq;
    } catch (error) {
      const { code, message } = error as Error & { code?: number };
      if (WAITS_ALREADY.test(message)) this.#sequence ??= 0;
      else if (code === FULL || /maximum (messages|bytes)/.test(message)) this.#finish({ type: 'full' });
      else throw error;
    }
  }

  #hearEvents(data: Uint8Array): void {
    this.#listen();
    let events: FarmEvent[] = [];
    try {
      events = readEvents(data);
    } catch (error) {
      this.#log('warn', `an event of the farm was left out: ${(error as Error).message}`);
    }
    for (const event of events) {
      if (this.#over) return;
      if (event.type === 'engine') this.#job.onEvent(event);
      else void this.#lookNow();
    }
  }

  #hearOutcome(data: Uint8Array): void {
    if (this.#over) return;
    this.#listen();
    const outcome = readOutcome(data);
    if (outcome?.state === 'done') this.#finish({ type: 'result', result: outcome.result, cached: false });
    // It lies in the store of clips, or says why there is none.
    else if (outcome?.state === 'stored' || outcome?.state === 'failed') void this.#lookNow();
  }

  /** What is spoken of is not looked up. */
  #listen(): void {
    this.#heard = performance.now();
    this.#between = LOOK_MS;
    this.#due = this.#heard + LOOK_MS;
  }

  #finish(end: FarmEnd): void {
    if (this.#over) return;
    this.leave();
    this.#resolve(end);
  }
}
