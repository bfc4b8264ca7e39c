/** Address and port of a UDP client. */
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
 * UDP has no connections, so a client is whoever gets the answers at one address and port: the sender's own, or the
 * port that it chose: for all that comes from its own port with `/foley/reply port`, until it is gone, or for one
 * message with `/foley/reply/<port>/...`. Other senders of the same machine are not concerned.
 */
export class OscSenders<S> {
  readonly #options: OscSendersOptions<S>;
  /** Both by recency, the one idle for longest first. */
  readonly #clients = new Map<string, OscClient<S>>();
  readonly #chosen = new Map<string, { sender: Peer; target: Peer }>();

  constructor(options: OscSendersOptions<S>) {
    this.#options = options;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Senders that chose a port. */
  get chosen(): Peer[] {
    return [...this.#chosen.values()].map(({ sender }) => sender);
  }

  /** The client that this datagram belongs to; `port` is the one that its message chose for itself. */
  of(sender: Peer, port?: number): OscClient<S> {
    const known = this.#chosen.get(key(sender));
    if (known !== undefined) remember(this.#chosen, key(sender), known, this.#options.max * 4);
    const target = port === undefined ? (known?.target ?? sender) : { address: sender.address, port };
    const client = this.#clients.get(key(target)) ?? { target, connection: this.#options.connect(target) };
    remember(this.#clients, key(target), client, Number.POSITIVE_INFINITY);
    if (this.#clients.size > this.#options.max) this.#forget(client);
    return client;
  }

  /** Sends what this sender asks for from now on to another port of its own machine; 0 means its own port again. */
  reply(sender: Peer, port: number): OscClient<S> {
    const target = { address: sender.address, port };
    if (port === 0) this.#chosen.delete(key(sender));
    else remember(this.#chosen, key(sender), { sender, target }, this.#options.max * 4);
    return this.of(sender);
  }

  /** A sender is gone: whoever gets its port next has chosen nothing. */
  gone(sender: Peer): void {
    this.#chosen.delete(key(sender));
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
