import type { Subscription } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Broker } from './broker.ts';
import type { BrokerLink } from './link.ts';
import { BEAT_MS, isHash, subjects } from './names.ts';

const count = z.int().min(0);
const offerSchema = z.object({
  id: z.string().refine((text) => isHash(text, 32)),
  voice: z.string().refine((text) => isHash(text)),
  name: z.string().max(256),
  engine: z.string().max(128),
  arithmetic: z.string().max(128),
  canary: z.string().refine((text) => isHash(text)),
});

const beatSchema = z.object({
  worker: z.string().min(1).max(128),
  host: z.string().max(256),
  version: z.string().max(64),
  /** Clips of either urgency that it makes at a time. */
  slots: count.max(4096),
  lanes: count.max(1024),
  offers: z.array(offerSchema).max(1024),
  running: z.object({ live: count, bulk: count }),
  /** Since it started. */
  made: count,
  failed: count,
  /** Clips a second over the last minute. */
  rate: z.number().min(0),
  /** Seconds since it started. */
  uptime: z.number().min(0),
  /** It takes no more jobs. */
  leaving: z.boolean(),
});

/** A voice as a worker makes it. */
export type Offer = z.infer<typeof offerSchema>;
/** What a worker says of itself. */
export type Beat = z.infer<typeof beatSchema>;

/** Beats that may be missed before a worker counts as gone. */
const PATIENCE = 3.5;

export function writeBeat(beat: Beat): Uint8Array {
  return Buffer.from(JSON.stringify(beat), 'utf8');
}

/** What all of them come to; it is asked for at every clip, of a thousand workers as well. */
interface Sums {
  slots: number;
  served: ReadonlySet<string>;
  /** When the first of them counts as gone. */
  until: number;
}

/** The workers whose heartbeat was received recently. */
export class Roster {
  readonly #heard = new Map<string, { beat: Beat; at: number }>();
  #sums: Sums | null = null;
  readonly #stop: () => void;
  #broker: Broker | null = null;
  #subscription: Subscription | null = null;

  constructor(link: BrokerLink) {
    this.#stop = link.watch((broker) => this.#join(broker));
  }

  /** In the order of their names. */
  list(): Beat[] {
    this.#forget();
    return [...this.#heard.values()].map(({ beat }) => beat).sort((a, b) => (a.worker < b.worker ? -1 : 1));
  }

  /** Whether a worker makes clips of this fingerprint. */
  serves(fingerprint: string): boolean {
    return this.#summed().served.has(fingerprint);
  }

  /** Clips that all workers make at a time. */
  slots(): number {
    return this.#summed().slots;
  }

  #summed(): Sums {
    if (this.#sums !== null && performance.now() < this.#sums.until) return this.#sums;
    this.#forget();
    const all = [...this.#heard.values()];
    const working = all.filter(({ beat: { leaving, offers } }) => !leaving && offers.length > 0);
    this.#sums = {
      slots: working.reduce((sum, { beat: { slots } }) => sum + slots, 0),
      served: new Set(working.flatMap(({ beat: { offers } }) => offers.map(({ id }) => id))),
      until: Math.min(...all.map(({ at }) => at)) + BEAT_MS * PATIENCE,
    };
    return this.#sums;
  }

  close(): void {
    this.#stop();
    this.#subscription?.unsubscribe();
  }

  #join(broker: Broker | null): void {
    if (broker === null || broker.nats === this.#broker?.nats) return;
    this.#broker = broker;
    this.#subscription = broker.nats.subscribe(subjects.beats, {
      callback: (error, { data }) => {
        if (error === null) this.#hear(data);
      },
    });
    broker.nats.publish(subjects.roll);
  }

  #hear(data: Uint8Array): void {
    let given: unknown;
    try {
      given = JSON.parse(Buffer.from(data).toString('utf8'));
    } catch {
      return;
    }
    const { data: beat } = beatSchema.safeParse(given);
    if (beat === undefined) return;
    const before = this.#heard.get(beat.worker)?.beat;
    this.#heard.set(beat.worker, { beat, at: performance.now() });
    if (before === undefined || work(before) !== work(beat)) this.#sums = null;
  }

  #forget(): void {
    const oldest = performance.now() - BEAT_MS * PATIENCE;
    for (const [worker, { at }] of this.#heard) if (at < oldest) this.#heard.delete(worker);
  }
}

/** All of a beat that the sums depend on. */
function work({ slots, leaving, offers }: Beat): string {
  return `${slots} ${leaving} ${offers.map(({ id }) => id).join()}`;
}
