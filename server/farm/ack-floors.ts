/** How far the broker's consumers have acknowledged: messages up to there have ended, even if they still lie in the stream. */
import type { Broker } from './broker.ts';
import { consumerName } from './broker.ts';
import { JOBS, type Urgency } from './names.ts';

/** How long a number may be old: a floor only rises, so an old one is too low and never too high. */
const FRESH_MS = 2000;

interface Floor {
  broker: Broker;
  at: number;
  sequence: Promise<number>;
}

/**
 * The acknowledgement floor of each consumer. nats-server 2.9.10, when killed, may forget that it removed messages but
 * remember that they were acknowledged (measured: after every other kill, a dozen at a time): they stay in the stream, are
 * delivered to nobody, and keep an equal job out.
 */
export class AckFloors {
  readonly #known = new Map<string, Floor>();

  /** 0 if there is no consumer: a new one delivers everything in the stream. */
  of(broker: Broker, urgency: Urgency, fingerprint: string): Promise<number> {
    const name = consumerName(urgency, fingerprint);
    const known = this.#known.get(name);
    if (known?.broker === broker && performance.now() - known.at < FRESH_MS) return known.sequence;
    const floor: Floor = { broker, at: performance.now(), sequence: askFor(broker, name) };
    this.#known.set(name, floor);
    floor.sequence.catch(() => this.#known.get(name) === floor && this.#known.delete(name));
    return floor.sequence;
  }
}

async function askFor({ manager }: Broker, consumer: string): Promise<number> {
  try {
    return (await manager.consumers.info(JOBS, consumer)).ack_floor.stream_seq;
  } catch (error) {
    if ((error as Error).name === 'ConsumerNotFoundError') return 0;
    throw error;
  }
}
