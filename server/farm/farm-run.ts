import type { EndlessChange, Engine, EngineEvent, EngineRequest, EngineResult, EngineRun } from '../engine/engine.ts';
import { EngineError, toEngineError } from '../engine/errors.ts';
import { FreshEvents } from '../engine/fresh-events.ts';
import { pause } from '../util/pause.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { FarmJobs } from './jobs.ts';
import type { BrokerLink } from './link.ts';
import type { FarmEnd, PendingJob } from './pending-job.ts';
import { writeJob } from './recipe.ts';

/** Somebody waits for a live clip: of one that nobody speaks of so long another is made here. */
const LIVE_PATIENCE_MS = 3000;
/** The same of clips that nobody waits for, where no worker makes them any more. */
const BULK_PATIENCE_MS = 30_000;
const LOOK_MS = 500;
/** Milliseconds until a job that the broker has no room for is sent again. */
const FULL_MS = 1000;

/** What a run needs of the engine that it belongs to. */
export interface RunParts {
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
export class FarmRun implements EngineRun {
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
