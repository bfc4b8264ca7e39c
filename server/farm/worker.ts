import { setTimeout as wait } from 'node:timers/promises';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Engine } from '../engine/engine.ts';
import type { Broker } from './broker.ts';
import { consumerName, makeConsumer } from './broker.ts';
import { Fingerprints, readCard } from './fingerprint.ts';
import { JobRun } from './job-run.ts';
import { JobsInHand } from './jobs-in-hand.ts';
import type { BrokerLink, FarmLog } from './link.ts';
import { BEAT_MS, JOBS, subjects, type Urgency, urgencies, type WorkerLimits, workerLimits } from './names.ts';
import { type Beat, type Offer, writeBeat } from './roster.ts';
import type { WorkerVoices } from './worker-voices.ts';

export interface FarmWorkerOptions {
  link: BrokerLink;
  engine: Engine;
  voices: WorkerVoices;
  /** How the worker is called; no other has this name. */
  name: string;
  host: string;
  version: string;
  log: FarmLog;
  limits?: Partial<WorkerLimits> | undefined;
  onEnd?: (end: { urgency: Urgency; how: string; ms: number }) => void;
}

/** Milliseconds that one request for jobs lasts at the broker. */
const PULL_MS = 20_000;
/** After a fault, until the next request. */
const PAUSE_MS = 500;
const RATE_MS = 60_000;
/** For jobs that are given back to leave. */
const LEAVE_MS = 2000;

interface OfferedVoice extends Offer {
  dir: string;
}

/** Takes jobs from a farm and makes them, as many at a time as its engine does, live ones beside the others as the engine does. */
export class FarmWorker {
  readonly #options: FarmWorkerOptions;
  readonly #limits: WorkerLimits;
  readonly #prints: Fingerprints;
  readonly #offers = new Map<string, OfferedVoice>();
  readonly #preparing = new Map<string, Promise<void>>();
  readonly #hand: JobsInHand;
  readonly #pulls = new Set<ConsumerMessages>();
  readonly #started = performance.now();
  readonly #made: number[] = [];
  readonly #counts = { made: 0, failed: 0 };
  readonly #sign = { at: performance.now() };
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  #broker: Broker | null = null;
  #leaving = false;

  constructor(options: FarmWorkerOptions) {
    this.#options = options;
    this.#limits = { ...workerLimits, ...options.limits };
    this.#prints = new Fingerprints(options.engine);
    this.#hand = new JobsInHand(() => options.engine.slots);
    this.#stop = options.link.watch((broker) => this.#join(broker));
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  /** What it says of itself. */
  beat(): Beat {
    const { name, host, version, engine } = this.#options;
    const since = performance.now() - RATE_MS;
    while (this.#made.length > 0 && this.#made[0]! < since) this.#made.shift();
    const span = Math.min(RATE_MS, performance.now() - this.#started);
    return {
      worker: name,
      host,
      version,
      slots: engine.slots,
      lanes: engine.info().lanes.most,
      offers: [...this.#offers.values()].map(({ dir: _dir, ...offer }) => offer),
      // The engine makes no more than that at a time; the others wait for their turn.
      running: { live: this.#hand.size('live'), bulk: Math.min(engine.slots, this.#hand.size('bulk')) },
      ...this.#counts,
      rate: span < 1000 ? 0 : (this.#made.length * 1000) / span,
      uptime: (performance.now() - this.#started) / 1000,
      leaving: this.#leaving,
    };
  }

  /** Takes no more jobs; those in hand may end within `ms`, the others go back to the queue. */
  async drain(ms: number): Promise<void> {
    this.#leaving = true;
    this.#beat();
    for (const pull of this.#pulls) pull.stop();
    this.#hand.wake();
    const late = setTimeout(() => {
      for (const run of this.#hand.all()) run.giveBack();
    }, ms);
    const empty = (async (): Promise<void> => {
      while (this.#hand.all().length > 0) await this.#hand.changed();
      // What was said of the last jobs must have left.
      await this.#broker?.nats.flush().catch(() => undefined);
    })();
    // A broker that is gone takes nothing back: it gives the jobs out again by itself.
    await Promise.race([empty, wait(ms + LEAVE_MS, undefined, { ref: false })]);
    clearTimeout(late);
    clearInterval(this.#timer);
    this.#stop();
  }

  #join(broker: Broker | null): void {
    // What was asked for before is not answered any more.
    for (const pull of this.#pulls) pull.stop();
    if (broker === null) return;
    const isNew = broker.nats !== this.#broker?.nats;
    this.#broker = broker;
    if (isNew) {
      broker.nats.subscribe(subjects.roll, { callback: () => this.#beat() });
      broker.nats.subscribe(subjects.cancels, {
        callback: (error, { subject }) => {
          const hash = subject.split('.').at(-1);
          if (error === null) for (const run of this.#hand.all()) if (run.hash === hash) run.cancel();
        },
      });
      // Not by a watch, which is a consumer at the broker for each of a thousand workers.
      broker.nats.subscribe(subjects.wanted, {
        callback: (error, { subject }) => {
          if (error === null) this.#want(broker, subject.split('.').at(-1) ?? '');
        },
      });
    }
    // What was said before, or while it could not be heard.
    void this.#readWanted(broker).catch((error: Error) =>
      this.#options.log('warn', `the voices that the farm wants cannot be read: ${error.message}`),
    );
    // The broker may have lost its consumers with its disk.
    for (const offer of this.#offers.values()) this.#makeConsumers(broker, offer.id).catch(() => undefined);
    this.#beat();
  }

  async #readWanted(broker: Broker): Promise<void> {
    for await (const key of await broker.wanted.keys()) this.#want(broker, key);
  }

  #want(broker: Broker, voice: string): void {
    if (!this.#leaving && !broker.nats.isClosed()) this.#prepare(broker, voice);
  }

  /** Fetches a voice where it is lacking, makes its canary, and takes jobs of it. */
  #prepare(broker: Broker, voice: string): void {
    if (this.#preparing.has(voice)) return;
    const { link, voices, log } = this.#options;
    const prepared = this.#offer(broker, voice, voices).catch((error: Error) => {
      log('warn', `voice ${voice.slice(0, 12)} cannot be made here: ${error.message}`);
      this.#preparing.delete(voice);
      setTimeout(() => this.#want(link.broker ?? broker, voice), this.#limits.againMs).unref();
    });
    this.#preparing.set(voice, prepared);
  }

  async #offer(broker: Broker, voice: string, voices: WorkerVoices): Promise<void> {
    const dir = await voices.folderOf(voice, broker);
    if (dir === null) throw new Error('it is neither here nor at the broker');
    const [{ card }, print] = await Promise.all([readCard(dir), this.#prints.of(dir)]);
    const { id, engine, arithmetic, canary } = print;
    await this.#makeConsumers(broker, id);
    this.#offers.set(id, { id, voice, name: card.name, engine, arithmetic, canary, dir });
    this.#options.log('info', `makes voice ${voice.slice(0, 12)} (${card.name}), fingerprint ${id}, ${arithmetic}`);
    this.#beat();
    for (const urgency of urgencies) void this.#pull(urgency, id);
  }

  async #makeConsumers({ manager }: Broker, id: string): Promise<void> {
    for (const urgency of urgencies) await makeConsumer(manager, urgency, id, this.#limits.ackMs);
  }

  async #pull(urgency: Urgency, id: string): Promise<void> {
    const { link, log } = this.#options;
    let known = null as { broker: Broker; consumer: Consumer } | null;
    while (!this.#leaving) {
      const free = this.#hand.free(urgency);
      if (free === 0) {
        await this.#hand.changed();
        continue;
      }
      try {
        const broker = link.broker ?? (await link.ready());
        if (known?.broker !== broker)
          known = { broker, consumer: await broker.js.consumers.get(JOBS, consumerName(urgency, id)) };
        // Other voices want some too.
        const most = Math.max(1, Math.floor(free / this.#offers.size));
        const messages = await known.consumer.fetch({ max_messages: most, expires: PULL_MS });
        this.#pulls.add(messages);
        try {
          if (this.#leaving) messages.stop();
          for await (const message of messages) this.#take(urgency, id, message);
        } finally {
          this.#pulls.delete(messages);
        }
      } catch (error) {
        if (this.#leaving) return;
        known = null;
        log('debug', `jobs could not be taken: ${(error as Error).message}`);
        await wait(PAUSE_MS);
        const { broker } = link;
        if (broker !== null) await this.#makeConsumers(broker, id).catch(() => undefined);
      }
    }
  }

  #take(urgency: Urgency, fingerprint: string, message: JsMsg): void {
    const { link, engine, name, log, onEnd } = this.#options;
    const voiceDir = this.#offers.get(fingerprint)?.dir;
    const broker = link.broker ?? this.#broker;
    if (this.#leaving || voiceDir === undefined || broker === null) {
      message.nak();
      return;
    }
    const twin = this.#hand.all().find(({ hash }) => message.subject.endsWith(`.${hash}`));
    if (twin !== undefined) {
      twin.also(message);
      return;
    }
    const begun = performance.now();
    const run = new JobRun({
      broker,
      ready: (signal) => link.ready(signal),
      engine,
      message,
      fingerprint,
      urgency,
      voiceDir,
      worker: name,
      limits: this.#limits,
      sign: this.#sign,
      log,
    });
    this.#hand.add(urgency, run);
    void run
      .run()
      .catch((error: Error) => {
        log('warn', `a job is left to the broker, which gives it out again: ${error.message}`);
        return 'given back' as const;
      })
      .then((how) => {
        this.#hand.remove(urgency, run);
        if (how === 'made') {
          const now = performance.now();
          this.#made.push(now);
          this.#counts.made += 1;
          this.#hand.noteMade(urgency, now - begun);
        } else if (how === 'failed') this.#counts.failed += 1;
        onEnd?.({ urgency, how, ms: performance.now() - begun });
        this.#hand.wake();
      });
  }

  #beat(): void {
    if (this.#broker === null || this.#broker.nats.isClosed()) return;
    this.#broker.nats.publish(subjects.beats, writeBeat(this.beat()));
  }
}
