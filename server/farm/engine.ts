import type {
  EndlessChange,
  Engine,
  EngineEvent,
  EngineInfo,
  EngineRequest,
  EngineResult,
  EngineRun,
} from '../engine/engine.ts';
import { EngineError, toEngineError } from '../engine/errors.ts';
import type { FarmCounts, FarmStatus } from '../engine/farm-status.ts';
import { FreshEvents } from '../engine/fresh-events.ts';
import { pause } from '../util/pause.ts';
import { type BrokerAddress, shown } from './address.ts';
import { type Fingerprint, Fingerprints } from './fingerprint.ts';
import { type FarmEnd, FarmJobs, type PendingJob } from './jobs.ts';
import { BrokerLink, type FarmLog } from './link.ts';
import { noFarm } from './no-farm.ts';
import { writeJob } from './recipe.ts';
import { Roster } from './roster.ts';
import { ownOf, storedAt, workersOf } from './status.ts';
import { VoiceExchange } from './voice-exchange.ts';

export interface FarmEngineOptions {
  address: BrokerAddress;
  /** How this server is called at the broker. */
  name: string;
  /** Makes what the farm cannot, and says which clips are the same. It is closed with the farm's. */
  local: Engine;
  log: FarmLog;
  /** What a test may put in place. */
  retryMs?: number;
}

/** Jobs that a server may have at the farm: in the worst case all of their results come at once, 353 KB each of the default voice. */
const MOST_PENDING = 2048;
/** For each clip that workers make at a time, so many are on their way: one is made, one is taken ahead, one waits in the queue. */
const AHEAD = 3;
/** Somebody waits for a live clip: of one that nobody speaks of so long another is made here. */
const LIVE_PATIENCE_MS = 3000;
/** The same of clips that nobody waits for, where no worker makes them any more. */
const BULK_PATIENCE_MS = 30_000;
const LOOK_MS = 500;
/** Milliseconds until a job that the broker has no room for is sent again. */
const FULL_MS = 1000;

/**
 * An engine that has its clips made by the workers of a farm, and is to all others an engine like any: the same
 * request gives the same bytes, for it takes only workers whose canary clip is the one that is made here. Where there
 * is none, or no broker, the engine of this process makes the clip; clips that nobody waits for are held until the broker is
 * back. Streams without end are made here: they are steered while they play.
 */
export class FarmEngine implements Engine {
  readonly link: BrokerLink;
  readonly roster: Roster;
  readonly own: Engine;
  readonly #url: string;
  readonly #log: FarmLog;
  readonly #jobs: FarmJobs;
  readonly #prints: Fingerprints;
  readonly #voices: VoiceExchange;
  readonly #runs = new Set<FarmRun>();
  readonly #counts = { made: 0, cached: 0, local: 0 };
  #told = '';
  #closed: Promise<void> | null = null;

  constructor({ address, name, local, log, retryMs }: FarmEngineOptions) {
    this.own = local;
    this.#url = address.url;
    this.#log = log;
    this.link = new BrokerLink({ address, name, log, ...(retryMs === undefined ? {} : { retryMs }) });
    this.roster = new Roster(this.link);
    this.#jobs = new FarmJobs(this.link, log);
    this.#prints = new Fingerprints(local);
    this.#voices = new VoiceExchange(this.link, log);
  }

  get slots(): number {
    const { slots } = this.own;
    if (this.link.broker === null) return slots;
    return Math.max(slots, Math.min(MOST_PENDING, AHEAD * this.roster.slots()));
  }

  info(): EngineInfo {
    const state = this.link.problem === null ? 'open' : 'lost';
    const workers = this.roster.list().length;
    return { ...this.own.info(), farm: { ...this.#counted(), state, workers, slots: this.roster.slots() } };
  }

  #counted(): FarmCounts {
    const held = [...this.#runs].filter(({ isHeld }) => isHeld).length;
    return { problem: this.link.problem, pending: this.#jobs.size, held, ...this.#counts };
  }

  readonly farm = { status: (): Promise<FarmStatus> => this.#status() };

  /** By the engine of this process, which says what the voice's clips are. */
  async load(voiceDir: string): Promise<void> {
    await this.own.load(voiceDir);
    // The canary is made meanwhile, and workers prepare.
    void this.#fingerprint(voiceDir).catch(() => undefined);
  }

  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    if (request.endless !== undefined || this.#closed !== null) return this.own.run(request, on);
    const run = new FarmRun(request, on, {
      link: this.link,
      local: this.own,
      jobs: this.#jobs,
      serves: (fingerprint) => this.roster.serves(fingerprint),
      fingerprint: (dir) => this.#fingerprint(dir),
      known: async (dir) => {
        const known = await this.#prints.known(dir);
        if (known === null) void this.#fingerprint(dir).catch(() => undefined);
        return known;
      },
      tell: (message) => this.#tell(message),
      count: (what) => void this.#counts[what]++,
    });
    this.#runs.add(run);
    run.done.then(
      () => this.#runs.delete(run),
      () => this.#runs.delete(run),
    );
    return run;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const run of [...this.#runs]) run.close();
    this.#voices.close();
    this.#jobs.close();
    this.roster.close();
    await Promise.all([this.link.close(), this.own.close()]);
  }

  async #status(): Promise<FarmStatus> {
    const { broker } = this.link;
    const stored = broker === null ? null : await storedAt(broker).catch((error: Error) => error);
    const problem = stored instanceof Error ? stored.message : this.link.problem;
    const url = shown(this.#url);
    return {
      ...noFarm,
      ...this.#counted(),
      state: problem === null ? 'open' : 'lost',
      problem,
      broker: broker === null ? url : `${url}, nats-server ${broker.nats.info?.version ?? '?'}`,
      workers: workersOf(this.roster.list()),
      own: ownOf(this.#prints.all()),
      ...(stored instanceof Error ? {} : stored),
    };
  }

  async #fingerprint(dir: string): Promise<Fingerprint> {
    const fingerprint = await this.#prints.of(dir);
    this.#voices.want(fingerprint.voice, dir);
    return fingerprint;
  }

  /** Once for each time that it changes. */
  #tell(message: string): void {
    if (this.#told === message) return;
    this.#told = message;
    this.#log('warn', message);
  }
}

interface RunParts {
  link: BrokerLink;
  local: Engine;
  jobs: FarmJobs;
  serves(fingerprint: string): boolean;
  fingerprint(dir: string): Promise<Fingerprint>;
  /** Null while it is being found. */
  known(dir: string): Promise<Fingerprint | null>;
  tell(message: string): void;
  count(what: 'made' | 'cached' | 'local'): void;
}

/** One clip: at the farm, here, or at both; the first that is done counts. */
class FarmRun implements EngineRun {
  readonly done: Promise<EngineResult>;
  /** It waits for the broker. */
  isHeld = false;
  readonly #request: EngineRequest;
  readonly #on: (event: EngineEvent) => void;
  readonly #parts: RunParts;
  readonly #fresh = new FreshEvents();
  readonly #ending = new AbortController();
  #settle: { resolve: (result: EngineResult) => void; reject: (error: unknown) => void } | null = null;
  #job: PendingJob | null = null;
  #here: EngineRun | null = null;

  constructor(request: EngineRequest, on: (event: EngineEvent) => void, parts: RunParts) {
    this.#request = request;
    this.#on = on;
    this.#parts = parts;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#make().catch((error: unknown) => this.#end({ error: toEngineError(error) }));
  }

  cancel(): void {
    // What is made here ends by itself, as the engine says.
    if (this.#here !== null) this.#here.cancel();
    else this.#end({ error: new EngineError('cancelled', 'the clip was cancelled') });
    this.#job?.withdraw();
  }

  steer(_change: EndlessChange): void {
    // Only streams are steered, and none is a run of the farm.
  }

  close(): void {
    this.#end({ error: new EngineError('engine_unavailable', 'the engine is closed') });
  }

  async #make(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted && this.#here === null) {
      const fingerprint = await this.#admitted();
      // It may have been cancelled meanwhile.
      if (signal.aborted) return;
      if (fingerprint === null) return this.#makeHere();
      const end = await this.#atFarm(fingerprint);
      if (end === null || signal.aborted) return;
      if (end.type === 'result') {
        this.#parts.count(end.cached ? 'cached' : 'made');
        return this.#end({ result: end.result });
      }
      if (end.type === 'failed') return this.#end({ error: new EngineError(end.code, end.message) });
      this.#parts.tell('the queue of the farm is full');
      if (this.#request.urgent === true) return this.#makeHere();
      await pause(FULL_MS, this.#ending.signal);
    }
  }

  /** The fingerprint by which the farm makes the clip; null where it has to be made here. */
  async #admitted(): Promise<string | null> {
    const { link, serves, fingerprint, known, tell } = this.#parts;
    const { voiceDir, urgent } = this.#request;
    if (link.broker === null) {
      const { problem } = link;
      if (urgent === true) {
        tell(`live clips are made here and bulk clips wait: the farm's broker cannot be used: ${problem}`);
        return null;
      }
      tell(`bulk clips wait until the farm's broker can be used: ${problem}`);
      this.isHeld = true;
      await link.ready(this.#ending.signal).finally(() => {
        this.isHeld = false;
      });
    }
    // Nobody who hears it waits for a canary.
    const print = urgent === true ? await known(voiceDir) : await fingerprint(voiceDir);
    if (print === null) return null;
    if (serves(print.id)) return print.id;
    tell(
      `no worker of the farm makes voice ${print.voice.slice(0, 12)} with the bits of this machine (${print.arithmetic}): clips of it are made here`,
    );
    return null;
  }

  /** Null where it is made here meanwhile, or was ended. */
  async #atFarm(fingerprint: string): Promise<FarmEnd | null> {
    const { voiceDir: _dir, endless: _endless, urgent = false, ...request } = this.#request;
    const { hash, bytes } = writeJob(fingerprint, request);
    const job = this.#parts.jobs.submit({
      fingerprint,
      hash,
      bytes,
      urgency: urgent ? 'live' : 'bulk',
      onEvent: ({ event }) => this.#tellOn(event),
    });
    this.#job = job;
    const { signal } = this.#ending;
    const look = setInterval(() => {
      if (this.#here === null && this.#isHopeless(job, fingerprint)) this.#makeHere();
    }, LOOK_MS);
    const ended = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
    try {
      return await Promise.race([job.end, ended]);
    } finally {
      clearInterval(look);
    }
  }

  #isHopeless(job: PendingJob, fingerprint: string): boolean {
    const { link, serves, tell } = this.#parts;
    const silent = job.silentMs();
    // Held: the broker keeps it, or it is sent when that is back.
    this.isHeld = link.broker === null;
    if (this.#request.urgent === true) {
      if (link.broker !== null && silent <= LIVE_PATIENCE_MS) return false;
      tell(`a live clip is made here: ${link.problem ?? `its worker was silent for ${LIVE_PATIENCE_MS / 1000} s`}`);
      return true;
    }
    return link.broker !== null && silent > BULK_PATIENCE_MS && !serves(fingerprint);
  }

  #makeHere(): void {
    if (this.#settle === null || this.#here !== null) return;
    this.#parts.count('local');
    this.#here = this.#parts.local.run(this.#request, (event) => this.#tellOn(event));
    this.#here.done.then(
      (result) => this.#end({ result }),
      (error: unknown) => this.#end({ error }),
    );
  }

  #tellOn(event: EngineEvent): void {
    if (this.#settle !== null && this.#fresh.take(event)) this.#on(event);
  }

  #end(how: { result: EngineResult } | { error: unknown }): void {
    const settle = this.#settle;
    if (settle === null) return;
    this.#settle = null;
    this.isHeld = false;
    this.#ending.abort(new EngineError('cancelled', 'the clip was cancelled'));
    this.#job?.withdraw();
    this.#here?.cancel();
    if ('result' in how) settle.resolve(how.result);
    else settle.reject(how.error);
  }
}
