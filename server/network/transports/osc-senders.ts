/** Where a datagram came from, or an answer goes. */
export interface Peer {
  address: string;
  port: number;
}

export interface OscClient<S> {
  /** Where its answers go; two senders that chose the same place are one client. */
  readonly target: Peer;
  readonly connection: S;
}

export interface OscSendersOptions<S> {
  max: number;
  connect: (target: Peer) => S;
  disconnect: (connection: S) => void;
  /** A client with open requests is only forgotten when all have some. */
  isIdle: (connection: S) => boolean;
}

/**
 * UDP has no connections, so a client is whoever gets the answers at one address and port: the sender's own, unless
 * `/foley/reply` chose another. A tool that sends every message from a new port (oscsend) chooses once: senders of the
 * same machine that come afterwards and were not heard before answer there too, while those already known keep theirs.
 */
export class OscSenders<S> {
  readonly #options: OscSendersOptions<S>;
  /** Both by recency, the one idle for longest first. */
  readonly #clients = new Map<string, OscClient<S>>();
  readonly #senders = new Map<string, Peer>();
  readonly #hosts = new Map<string, number>();

  constructor(options: OscSendersOptions<S>) {
    this.#options = options;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** The client that this datagram belongs to. */
  of(sender: Peer): OscClient<S> {
    const known = this.#senders.get(key(sender));
    const target = known ?? { address: sender.address, port: this.#hosts.get(sender.address) ?? sender.port };
    remember(this.#senders, key(sender), target, this.#options.max * 4);
    const client = this.#clients.get(key(target)) ?? { target, connection: this.#options.connect(target) };
    this.#clients.delete(key(target));
    this.#clients.set(key(target), client);
    if (this.#clients.size > this.#options.max) this.#forget(client);
    return client;
  }

  /** Sends what this sender asks for from now on to another port of its own machine; 0 means its own port again. */
  reply(sender: Peer, port: number): OscClient<S> {
    if (port === 0) this.#hosts.delete(sender.address);
    else remember(this.#hosts, sender.address, port, this.#options.max);
    const target = { address: sender.address, port: port === 0 ? sender.port : port };
    remember(this.#senders, key(sender), target, this.#options.max * 4);
    return this.of(sender);
  }

  close(): void {
    for (const { connection } of this.#clients.values()) this.#options.disconnect(connection);
    this.#clients.clear();
  }

  #forget(but: OscClient<S>): void {
    const others = [...this.#clients].filter(([, client]) => client !== but);
    const [name, client] = others.find(([, { connection }]) => this.#options.isIdle(connection)) ?? others[0] ?? [];
    if (name === undefined || client === undefined) return;
    this.#clients.delete(name);
    this.#options.disconnect(client.connection);
  }
}

function key({ address, port }: Peer): string {
  return `${address} ${port}`;
}

/** Puts an entry last and lets the oldest go beyond `max`. */
function remember<V>(map: Map<string, V>, name: string, value: V, max: number): void {
  map.delete(name);
  map.set(name, value);
  const oldest = map.keys().next();
  if (map.size > max && !oldest.done) map.delete(oldest.value);
}
