import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import {
  type CommandName,
  commandOf,
  decodeOsc,
  encodeOscFailed,
  type OscBatch,
  type OscItem,
  ProtocolError,
  toProtocolError,
} from '../../protocol/index.ts';
import { isLoopback } from '../loopback.ts';
import { connectOscClient, type OscConnection } from './osc-client.ts';
import { OscSenders, type Peer } from './osc-senders.ts';
import { RateLimit } from './rate.ts';
import { errorFields, type Listener, listenError, type TransportContext } from './transport.ts';

export interface OscOptions extends TransportContext {
  host: string;
  port: number;
  /** Addresses besides loopback that are answered; datagrams of all others are ignored, so none is amplified. */
  allow: readonly string[];
  oscSenders: number;
  oscTimed: number;
  oscHorizonMs: number;
  /** Which commands are handled ahead of their time; by default those declared so. */
  isTimed?: (cmd: CommandName) => boolean;
  /** Addresses of users' own, which fire triggers. */
  isMapped?: (address: string) => boolean;
}

/** Complaints about datagrams that one machine is sent at once, and per second in the long run. */
const COMPLAINTS = { burst: 100, perSecond: 50 };
/** Datagrams the system has not taken yet, above which progress is left out. */
const MAX_UNSENT = 512;
/** Milliseconds before its time at which a timed command is handled, so that it can be scheduled to the sample, or made for it. */
const LOOKAHEAD_MS = 3000;

/** OSC over UDP. Rejects with port_in_use, or io_error for an address that cannot be had. */
export async function listenOsc(options: OscOptions): Promise<Listener> {
  const socket = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(listenError(error, options.host, options.port, true)),
    );
    socket.bind({ address: options.host, port: options.port, exclusive: true }, resolve);
  });
  socket.removeAllListeners('error');
  // A send that the system refuses (a host that is gone) is no reason to stop listening.
  socket.on('error', (error) => options.log('warn', 'the OSC socket reported an error', { reason: error.message }));
  const receiver = new OscReceiver(socket, options);
  socket.on('message', (bytes, from) => receiver.receive(bytes, from));
  const { port } = socket.address();
  return {
    host: options.host,
    port,
    close() {
      receiver.close();
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

class OscReceiver {
  readonly #socket: Socket;
  readonly #options: OscOptions;
  readonly #senders: OscSenders<OscConnection>;
  readonly #complaints = new RateLimit(COMPLAINTS.burst, COMPLAINTS.perSecond, 1024);
  readonly #strangers = new RateLimit(3, 0.1, 1024);
  readonly #timers = new Set<NodeJS.Timeout>();
  #unsent = 0;

  constructor(socket: Socket, options: OscOptions) {
    this.#socket = socket;
    this.#options = options;
    const { registry } = options;
    this.#senders = new OscSenders({
      max: options.oscSenders,
      connect: (target) => connectOscClient(registry, (datagram, droppable) => this.#send(datagram, target, droppable)),
      disconnect: ({ session }) => registry.disconnect(session),
      isIdle: ({ session }) => session.open.size === 0,
    });
  }

  receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (from.port === 0) return;
    if (!this.#isKnown(from.address)) {
      if (this.#strangers.take(from.address)) {
        this.#options.log('warn', 'OSC of an unknown machine is ignored; see --osc-allow', { address: from.address });
      }
      return;
    }
    try {
      const now = Date.now();
      for (const batch of decodeOsc(bytes, now, this.#options.isMapped)) this.#schedule(batch, from, now);
    } catch (thrown) {
      const error = toProtocolError(thrown);
      this.#options.log('debug', 'an OSC datagram was refused', errorFields(error));
      this.#complain(error, from);
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#senders.close();
  }

  #isKnown(address: string): boolean {
    const plain = address.replace(/^::ffff:/, '');
    return isLoopback(address) || this.#options.allow.includes(plain);
  }

  /** Messages of one moment are handled together; those of later moments wait for it. */
  #schedule(batch: OscBatch, from: Peer, now: number): void {
    if (batch.at === null || batch.at <= now) {
      this.#handle(batch, from);
      return;
    }
    const { oscTimed, oscHorizonMs } = this.#options;
    if (batch.at - now > oscHorizonMs)
      throw new ProtocolError('bad_args', `a timetag lies more than ${oscHorizonMs} ms ahead`);
    if (this.#timers.size >= oscTimed)
      throw new ProtocolError('queue_full', `${oscTimed} bundles wait for their time already`);
    const timed = batch.items.filter((item) => this.#isTimed(item));
    const others = batch.items.filter((item) => !this.#isTimed(item));
    if (timed.length > 0) this.#wait({ ...batch, items: timed }, from, Math.max(0, batch.at - now - LOOKAHEAD_MS));
    if (others.length > 0) this.#wait({ ...batch, items: others }, from, batch.at - now);
  }

  #isTimed(item: OscItem): boolean {
    const { isTimed = (cmd) => commandOf(cmd).timed } = this.#options;
    return item.kind === 'request' && isTimed(item.cmd);
  }

  #wait(batch: OscBatch, from: Peer, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#handle(batch, from);
    }, ms);
    this.#timers.add(timer);
  }

  #handle({ at, missed, items }: OscBatch, from: Peer): void {
    for (const item of items) {
      // Looked up for each: a bundle may choose its reply port first.
      if (item.kind === 'reply') this.#senders.reply(from, item.port);
      else if (item.kind === 'refused') this.#complain(item.error, from, item.echo);
      else this.#senders.of(from).connection.receive(item, this.#isTimed(item) ? (at ?? missed) : null);
    }
  }

  #complain(error: ProtocolError, from: Peer, echo?: Parameters<typeof encodeOscFailed>[1]): void {
    if (!this.#complaints.take(from.address)) return;
    this.#send(encodeOscFailed(error, echo), this.#senders.of(from).target, true);
  }

  #send(datagram: Uint8Array, { address, port }: Peer, droppable: boolean): void {
    if (droppable && this.#unsent > MAX_UNSENT) return;
    this.#unsent += 1;
    this.#socket.send(datagram, port, address, (error) => {
      this.#unsent -= 1;
      if (error !== null) this.#options.log('debug', 'an OSC answer was not sent', { reason: error.message });
    });
  }
}
