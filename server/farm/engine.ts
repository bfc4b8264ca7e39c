import type { Engine, EngineEvent, EngineInfo, EngineRequest, EngineRun } from '../engine/engine.ts';
import type { FarmCounts, FarmStatus } from '../engine/farm-status.ts';
import { type BrokerAddress, shown } from './address.ts';
import { FarmRun } from './farm-run.ts';
import { type Fingerprint, Fingerprints } from './fingerprint.ts';
import { FarmJobs } from './jobs.ts';
import { BrokerLink, type FarmLog } from './link.ts';
import { noFarm } from './no-farm.ts';
import { Roster } from './roster.ts';
import { ownOf, storedAt, workersOf } from './status.ts';
import { VoicePublisher } from './voice-publisher.ts';

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
const MAX_PENDING = 2048;
/** For each clip that workers make at a time, so many are on their way: one is made, one is taken ahead, one waits in the queue. */
const AHEAD = 3;

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
  readonly #voices: VoicePublisher;
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
    this.#voices = new VoicePublisher(this.link, log);
  }

  get slots(): number {
    const { slots } = this.own;
    if (this.link.broker === null) return slots;
    return Math.max(slots, Math.min(MAX_PENDING, AHEAD * this.roster.slots()));
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
