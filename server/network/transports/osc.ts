import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import {
  decodeOsc,
  encodeOscFailed,
  limits,
  type OscItem,
  ProtocolError,
  type Role,
  toProtocolError,
} from '../../../protocol/index.ts';
import { isLoopback } from '../loopback.ts';
import { OscAllowance } from './osc-allowance.ts';
import { connectOscClient, type OscConnection } from './osc-client.ts';
import { OscSenders, type Peer } from './osc-senders.ts';
import { TimetagQueue, type TimetagQueueOptions } from './osc-timetag-queue.ts';
import { RateLimit } from './rate.ts';
import { errorFields, type Listener, listenError, type TransportContext } from './transport.ts';
import { isUnowned } from './udp-port.ts';

export interface OscOptions extends TransportContext, TimetagQueueOptions {
  host: string;
  port: number;
  /** Addresses besides loopback that are answered; datagrams of all others are ignored, so none is amplified. */
  allow: readonly string[];
  /** Of everyone who is answered. */
  oscRole: Role;
  oscSenders: number;
  /** Addresses of users' own, which fire triggers. */
  isMapped?: (address: string) => boolean;
}

/** Complaints about datagrams that one machine is sent at once, and per second in the long run. */
const COMPLAINTS = { burst: 100, perSecond: 50 };
/** Refusals of requests of an address in debt that it is told of. */
const REMINDERS = { burst: 3, perSecond: 1 };
/** How often senders that chose where their answers go are looked for. */
const LOOK_MS = 2000;
/** Datagrams the system has not taken yet, above which progress is left out. */
const MAX_UNSENT = 512;

/** OSC over UDP. Rejects with port_in_use, or io_error for an address that cannot be had. */
export async function listenOsc(options: OscOptions): Promise<Listener> {
  const first = await bound(options.host, options.port);
  const { port } = first.address();
  const sockets = [first];
  // Where localhost resolves to ::1, a program that names it would send into the void: UDP tells nobody.
  if (options.host === '127.0.0.1') {
    const second = await bound('::1', port).catch((error: Error) => {
      options.log('debug', 'not listening for OSC on ::1', { reason: error.message });
      return null;
    });
    if (second !== null) sockets.push(second);
  }
  const receiver = new OscReceiver(sockets, options);
  for (const socket of sockets) {
    // A send that the system refuses (a host that is gone) is no reason to stop listening.
    socket.on('error', (error) => options.log('warn', 'the OSC socket reported an error', { reason: error.message }));
    socket.on('message', (bytes, from) => receiver.receive(bytes, from));
  }
  return {
    host: options.host,
    port,
    async close() {
      receiver.close();
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    },
  };
}

async function bound(host: string, port: number): Promise<Socket> {
  const socket = createSocket(isIPv6(host) ? { type: 'udp6', ipv6Only: host === '::1' } : { type: 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port, true)));
    socket.bind({ address: host, port, exclusive: true }, resolve);
  });
  socket.removeAllListeners('error');
  return socket;
}

class OscReceiver {
  readonly #first: Socket;
  readonly #byFamily: ReadonlyMap<string, Socket>;
  readonly #options: OscOptions;
  readonly #senders: OscSenders<OscConnection>;
  readonly #allowance = new OscAllowance({
    burst: limits.oscFreeBytes,
    perSecond: limits.oscFreeBytesPerSecond,
    perByte: limits.oscAmplification,
  });
  readonly #reminders = new RateLimit(REMINDERS.burst, REMINDERS.perSecond, 1024);
  readonly #complaints = new RateLimit(COMPLAINTS.burst, COMPLAINTS.perSecond, 1024);
  /** Refusals that the log shows: a controller that sends a wrong address sends it many times. */
  readonly #logged = new RateLimit(10, 0.2, 1024);
  readonly #strangers = new RateLimit(3, 0.1, 1024);
  readonly #timetags: TimetagQueue<Peer>;
  readonly #looking: NodeJS.Timeout;
  #unsent = 0;

  /** `sockets`: one, or one of each family of addresses. */
  constructor(sockets: readonly Socket[], options: OscOptions) {
    this.#first = sockets[0]!;
    this.#byFamily = new Map(sockets.map((socket) => [socket.address().family, socket]));
    this.#options = options;
    const { oscRole, dispatcher } = options;
    this.#senders = new OscSenders({
      max: options.oscSenders,
      connect: (target) =>
        connectOscClient(dispatcher, (datagram, droppable) => this.#send(datagram, target, droppable), {
          transport: 'osc',
          role: oscRole,
          lasting: false,
          refused: (error) => this.#report(error, target),
        }),
      disconnect: ({ session }) => dispatcher.disconnect(session),
      isIdle: ({ session }) => session.open.size === 0,
    });
    this.#timetags = new TimetagQueue(options, (item, from, at) => {
      // Looked up for each: a bundle may choose its reply port first.
      if (item.kind === 'reply') this.#senders.reply(from, item.port);
      else if (item.kind === 'refused') this.#complain(item.error, from, item.echo, item.reply);
      else if (item.kind === 'request' && this.#inDebt(from.address)) this.#refuse(item, from);
      else if (item.kind === 'request') this.#senders.of(from, item.reply).connection.receive(item, at);
    });
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
    this.#looking.unref();
  }

  receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (from.port === 0) return;
    if (!this.#isKnown(from.address)) {
      if (this.#strangers.take(from.address)) {
        this.#options.log('warn', 'OSC of an unknown machine is ignored; see --osc-allow', { address: from.address });
      }
      return;
    }
    if (!isLoopback(from.address)) this.#allowance.earn(from.address, bytes.length);
    try {
      const now = Date.now();
      for (const batch of decodeOsc(bytes, now, this.#options.isMapped)) this.#timetags.schedule(batch, from, now);
    } catch (thrown) {
      const error = toProtocolError(thrown);
      this.#complain(error, from);
    }
  }

  close(): void {
    clearInterval(this.#looking);
    this.#timetags.close();
    this.#senders.close();
  }

  #isKnown(address: string): boolean {
    const plain = address.replace(/^::ffff:/, '');
    return isLoopback(address) || this.#options.allow.includes(plain);
  }

  /** Nobody can send from this machine in another one's name, so its own programs are answered without measure. */
  #inDebt(address: string): boolean {
    return !isLoopback(address) && this.#allowance.inDebt(address);
  }

  #refuse({ echo, reply, cmd }: Extract<OscItem, { kind: 'request' }>, from: Peer): void {
    const message = `${cmd}: the answers to this address are too large for what it sent; try again in a second`;
    if (this.#reminders.take(from.address))
      this.#complain(new ProtocolError('rate_limited', message), from, echo, reply);
  }

  async #look(): Promise<void> {
    for (const sender of this.#senders.chosen) if (await isUnowned(sender)) this.#senders.gone(sender);
  }

  #complain(error: ProtocolError, from: Peer, echo?: Parameters<typeof encodeOscFailed>[1], port?: number): void {
    this.#report(error, from);
    if (!this.#complaints.take(from.address)) return;
    const isReminder = error.code === 'rate_limited';
    this.#send(encodeOscFailed(error, echo), this.#senders.of(from, port).target, !isReminder);
  }

  /** Tells watchers and the log of a refusal; the sender is answered elsewhere, but few OSC senders read answers. */
  #report(error: ProtocolError, { address: host, port }: Peer): void {
    const address = `${host}:${port}`;
    const { code, message } = error;
    this.#options.refused?.({ transport: 'osc', address, code, message });
    const level = this.#logged.take(host) ? 'warn' : 'debug';
    this.#options.log(level, 'an OSC message was refused', { ...errorFields(error), address });
  }

  #send(datagram: Uint8Array, { address, port }: Peer, droppable: boolean): void {
    if (droppable && (this.#unsent > MAX_UNSENT || this.#inDebt(address))) return;
    if (!isLoopback(address)) this.#allowance.spend(address, datagram.length);
    this.#unsent += 1;
    const socket = this.#byFamily.get(isIPv6(address) ? 'IPv6' : 'IPv4') ?? this.#first;
    socket.send(datagram, port, address, (error) => {
      this.#unsent -= 1;
      if (error !== null) this.#options.log('debug', 'an OSC answer was not sent', { reason: error.message });
    });
  }
}
