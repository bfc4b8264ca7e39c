import type { JsMsg } from '@nats-io/jetstream';
import type { Engine, EngineEvent, EngineResult, EngineRun } from '../engine/engine.ts';
import { EngineError, toEngineError } from '../engine/errors.ts';
import type { Broker } from './broker.ts';
import type { FarmLog } from './link.ts';
import { type FarmResult, writeEvents } from './messages.ts';
import { EVENTS_AT_ONCE, isHash, subjects, type Urgency, type WorkerLimits } from './names.ts';
import { FarmMessageError, readJob } from './recipe.ts';
import { Results } from './results.ts';

export interface JobRunOptions {
  broker: Broker;
  /** Resolves when the broker can be used. Rejects with the signal's reason. */
  ready: (signal: AbortSignal) => Promise<Broker>;
  engine: Engine;
  message: JsMsg;
  fingerprint: string;
  urgency: Urgency;
  voiceDir: string;
  worker: string;
  limits: WorkerLimits;
  /** When the engine last told anything of any clip; shared by all jobs of a worker. */
  sign: { at: number };
  log: FarmLog;
}

/** `given back`: another worker will make it, or this one later. */
export type JobEnd = 'made' | 'failed' | 'served' | 'given back';

/** What is told of a clip that nobody waits for goes together, so many milliseconds late at most. */
const TELL_MS = 100;
/** Times that a result is sent to the store, with a pause that grows. */
const STORES = 5;

/** One job in the hands of a worker, from its message to its outcome. */
export class JobRun {
  readonly #options: JobRunOptions;
  readonly #results: Results;
  readonly hash: string;
  /** All by which the broker gave it to this worker. */
  readonly #messages: JsMsg[];
  #run: EngineRun | null = null;
  #heard = performance.now();
  #isBegun = false;
  #isMade = false;
  #untold: EngineEvent[] = [];
  #telling: NodeJS.Timeout | undefined;
  readonly #leaving = new AbortController();
  #cancelled = false;

  constructor(options: JobRunOptions) {
    this.#options = options;
    this.#results = new Results(options.broker);
    this.#messages = [options.message];
    this.hash = options.message.subject.split('.').at(-1) ?? '';
  }

  /** Resolves when nothing of it is left to do. Rejects where the broker cannot be reached, or the engine hangs: the job is then given to another. */
  async run(): Promise<JobEnd> {
    const { ackMs, hangMs } = this.#options.limits;
    let working: NodeJS.Timeout | undefined;
    const hung = new Promise<never>((_, reject) => {
      working = setInterval(() => {
        // One that was taken ahead waits for its turn, as long as the engine goes on.
        const heard = this.#isBegun ? this.#heard : Math.max(this.#heard, this.#options.sign.at);
        if (this.#isMade || performance.now() - heard < hangMs) return this.#each((one) => one.working());
        this.#run?.cancel();
        reject(new Error(`the engine sent no event of it for ${hangMs / 1000} s`));
      }, ackMs / 3);
    });
    try {
      return await Promise.race([this.#work(), hung]);
    } finally {
      clearInterval(working);
      clearTimeout(this.#telling);
    }
  }

  /**
   * The same job once more: it is made once, and ends for both. nats-server 2.9.10 gives one job out twice where several
   * come back while no worker asks for any (measured), and another only when its time is up.
   */
  also(message: JsMsg): void {
    this.#messages.push(message);
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#cancelled = true;
    this.#run?.cancel();
  }

  /** Back to the queue: this worker leaves. */
  giveBack(): void {
    this.#leaving.abort();
    this.#run?.cancel();
  }

  get #isGivenBack(): boolean {
    return this.#leaving.signal.aborted;
  }

  async #work(): Promise<JobEnd> {
    const { message, engine, voiceDir, urgency, worker, fingerprint, limits } = this.#options;
    if (!isHash(this.hash)) return this.#drop('a job whose subject ends with no hash');
    const tries = message.info.deliveryCount;
    // Who sent a live one looked just now; a bulk one may have been made as a live one while it lay in the queue.
    const isFresh = tries === 1 && urgency === 'live';
    const before = isFresh ? null : ((await this.#results.find(this.hash))?.outcome ?? null);
    if (before?.state === 'done' || before?.state === 'stored') {
      // Made by somebody whose word of it did not reach the queue.
      this.#publish([{ type: 'ended' }]);
      this.#each((one) => one.ack());
      return 'served';
    }
    if (tries > limits.tries) {
      const why = before?.state === 'retrying' ? before.message : 'no worker survived it';
      return this.#fail(new EngineError('engine_failed', `given up after ${limits.tries} tries: ${why}`));
    }
    let request: ReturnType<typeof readJob>;
    try {
      request = readJob(fingerprint, this.hash, message.data);
    } catch (error) {
      if (!(error instanceof FarmMessageError)) throw error;
      return this.#fail(new EngineError('engine_failed', error.message));
    }
    let result: EngineResult;
    try {
      this.#run = engine.run({ ...request, voiceDir, urgent: urgency === 'live' }, (event) => this.#tell(event));
      if (this.#isGivenBack || this.#cancelled) this.#run.cancel();
      result = await this.#run.done;
    } catch (thrown) {
      const error = toEngineError(thrown);
      if (this.#isGivenBack) {
        this.#each((one) => one.nak());
        return 'given back';
      }
      if (this.#cancelled && error.code === 'cancelled') {
        this.#each((one) => one.term());
        return 'given back';
      }
      // Of what the engine refuses another try is refused as well; a process that ended may have been another clip's fault.
      return error.code === 'engine_failed' ? this.#fail(error) : this.#retry(error.code, error.message);
    }
    this.#isMade = true;
    try {
      await this.#hand({ ...result, maker: { worker, fingerprint } });
      return 'made';
    } catch (error) {
      return this.#retry('engine_unavailable', `its clip could not be stored: ${(error as Error).message}`);
    }
  }

  async #retry(code: string, why: string): Promise<JobEnd> {
    const { message, worker, limits, log } = this.#options;
    const tries = message.info.deliveryCount;
    log('warn', `a job failed and is tried again (${tries} of ${limits.tries}): ${code}: ${why}`);
    const retrying = { state: 'retrying', message: `${code}: ${why}`, worker } as const;
    await this.#results.fail(this.hash, retrying).catch(() => undefined);
    this.#each((one) => one.nak(limits.retryMs * tries));
    return 'given back';
  }

  /** To the store, which tells whoever waits, and then the job is done. */
  async #hand(result: FarmResult): Promise<void> {
    const { ready } = this.#options;
    this.#tellNow();
    for (let attempt = 1; ; attempt++) {
      try {
        // The connection may be another one by now.
        await new Results(await ready(this.#leaving.signal)).store(this.hash, result);
        break;
      } catch (error) {
        if (attempt === STORES || this.#isGivenBack) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
      }
    }
    this.#each((one) => one.ack());
  }

  async #fail({ code, message: why }: EngineError): Promise<JobEnd> {
    const { worker } = this.#options;
    await this.#results.fail(this.hash, { state: 'failed', code, message: why, worker });
    this.#each((one) => one.term());
    return 'failed';
  }

  #drop(what: string): JobEnd {
    const { log } = this.#options;
    log('warn', `${what} was dropped`);
    this.#each((one) => one.term());
    return 'failed';
  }

  /** An answer that cannot leave is none: the broker gives the job out again. */
  #each(answer: (message: JsMsg) => void): void {
    if (this.#options.broker.nats.isClosed()) return;
    for (const message of this.#messages) answer(message);
  }

  #tell(event: EngineEvent): void {
    this.#heard = performance.now();
    this.#options.sign.at = this.#heard;
    this.#isBegun = true;
    this.#untold.push(event);
    const isSmall = event.type === 'started' || event.type === 'row';
    if (this.#options.urgency === 'live' || !isSmall || this.#untold.length === EVENTS_AT_ONCE) this.#tellNow();
    else this.#telling ??= setTimeout(() => this.#tellNow(), TELL_MS);
  }

  #tellNow(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    // What is large goes by itself: a message that is too large is not told.
    const isLarge = (event: EngineEvent): boolean => event.type === 'preview' || event.type === 'audio';
    this.#publish(this.#untold.filter((event) => !isLarge(event)));
    for (const event of this.#untold.filter(isLarge)) this.#publish([event]);
    this.#untold = [];
  }

  #publish(events: Parameters<typeof writeEvents>[0]): void {
    const bytes = writeEvents(events);
    const { nats } = this.#options.broker;
    if (bytes === null || nats.isClosed()) return;
    // What is larger than a message is not told: the result holds it.
    if (bytes.length <= (nats.info?.max_payload ?? 0)) nats.publish(subjects.events(this.hash), bytes);
  }
}
