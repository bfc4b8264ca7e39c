import { setMaxListeners } from 'node:events';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { pause } from '../util/pause.ts';
import { type BrokerAddress, shown } from './address.ts';
import { type Broker, openBroker } from './broker.ts';
import { connectionOptions } from './connection-options.ts';

export type FarmLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

export interface LinkOptions {
  address: BrokerAddress;
  /** How this side is called at the broker. */
  name: string;
  log: FarmLog;
  /** Milliseconds between attempts to connect. */
  retryMs?: number;
}

const RETRY_MS = 1000;
/** Of a broker that is there but does not answer nothing else is noticed. */
const PING_MS = 2000;
const PINGS_LOST = 2;
const REQUEST_MS = 5000;

/** What the client says of brokers that are not ready for a farm, and what to do. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/jetstream.*not enabled/i, 'start nats-server with --jetstream, and enable it for the account'],
  [/authorization|authentication/i, 'check the user and password in --farm, or --farm-credentials'],
  [/refused/i, 'check that nats-server runs there and listens on this address and port'],
  [/getaddrinfo|ENOTFOUND|EAI_AGAIN/i, 'check the name of the host in --farm'],
  [/insufficient|resource|no space/i, 'make room on its disk, and start it again'],
];

/**
 * The way to a broker, which may not be there yet, go and come back. It never gives up. Every time that it is there
 * again, what a farm needs is made where it is missing: a broker may have lost its disk.
 */
export class BrokerLink {
  readonly #options: LinkOptions;
  readonly #listeners = new Set<(broker: Broker | null) => void>();
  readonly #closing = new AbortController();
  #nats: NatsConnection | null = null;
  #broker: Broker | null = null;
  #problem: string | null = 'not connected yet';
  #told: string | null = null;
  readonly #life: Promise<void>;

  constructor(options: LinkOptions) {
    this.#options = options;
    // As many clips as there are may wait for the broker.
    setMaxListeners(0, this.#closing.signal);
    this.#life = this.#live();
  }

  /** Null while the broker cannot be used. */
  get broker(): Broker | null {
    return this.#broker;
  }

  /** Why it cannot be used; null while it can. */
  get problem(): string | null {
    return this.#broker === null ? this.#problem : null;
  }

  /** Hears of every change, at once of how it is. Returns the way to stop. */
  watch(listener: (broker: Broker | null) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#broker);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves once it can be used. Rejects with the signal's reason, or when the link is closed. */
  async ready(signal?: AbortSignal): Promise<Broker> {
    let [stop, onEnd] = [(): void => undefined, (): void => undefined];
    const come = new Promise<Broker>((resolve, reject) => {
      onEnd = () => reject(signal?.aborted === true ? signal.reason : new Error('the link is closed'));
      stop = this.watch((broker) => {
        if (broker !== null) resolve(broker);
      });
    });
    const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    for (const end of ends) end.addEventListener('abort', onEnd);
    if (ends.some(({ aborted }) => aborted)) onEnd();
    try {
      return await come;
    } finally {
      stop();
      for (const end of ends) end.removeEventListener('abort', onEnd);
    }
  }

  /** What was sent before leaves first. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#nats?.close().catch(() => undefined);
    await this.#life;
  }

  async #live(): Promise<void> {
    const { retryMs = RETRY_MS } = this.#options;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#session();
      } catch (error) {
        this.#lost(advised((error as Error).message));
      }
      await pause(retryMs, this.#closing.signal);
    }
    this.#set(null);
  }

  /** From one connection to its end; the client's own reconnecting is within. */
  async #session(): Promise<void> {
    const { address, name, retryMs = RETRY_MS } = this.#options;
    const nats = await connect({
      ...(await connectionOptions(address)),
      name,
      timeout: REQUEST_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: retryMs,
      reconnectJitter: retryMs / 4,
      pingInterval: PING_MS,
      maxPingOut: PINGS_LOST,
    });
    this.#nats = nats;
    if (this.#closing.signal.aborted) await nats.close();
    const closed = nats.closed();
    try {
      await this.#open(nats);
      for await (const status of nats.status()) {
        if (status.type === 'disconnect' || status.type === 'staleConnection') this.#lost('the connection was lost');
        else if (status.type === 'reconnect') await this.#open(nats);
        else if (status.type === 'error') this.#options.log('warn', `the broker says: ${status.error.message}`);
      }
    } finally {
      if (!nats.isClosed()) await nats.close().catch(() => undefined);
      this.#nats = null;
    }
    const why = await closed;
    this.#lost(why instanceof Error ? why.message : 'the connection was closed');
  }

  async #open(nats: NatsConnection): Promise<void> {
    const broker = await openBroker(nats);
    this.#told = null;
    const { address, log } = this.#options;
    log('info', `connected to the farm's broker at ${shown(address.url)}, nats-server ${nats.info?.version ?? '?'}`);
    this.#set(broker);
  }

  #lost(problem: string): void {
    this.#problem = problem;
    this.#set(null);
    if (this.#closing.signal.aborted || this.#told === problem) return;
    this.#told = problem;
    this.#options.log('warn', `the farm's broker at ${shown(this.#options.address.url)} cannot be used: ${problem}`);
  }

  #set(broker: Broker | null): void {
    if (broker === this.#broker) return;
    this.#broker = broker;
    for (const listener of [...this.#listeners]) listener(broker);
  }
}

function advised(problem: string): string {
  const advice = ADVICE.find(([pattern]) => pattern.test(problem))?.[1];
  return advice === undefined ? problem : `${problem}; ${advice}`;
}
