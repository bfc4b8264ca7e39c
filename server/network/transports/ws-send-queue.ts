import process from 'node:process';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { type ErrorCode, errors } from '../../../protocol/index.ts';
import type { Session } from '../../dispatch/dispatcher.ts';

export interface SendQueueLimits {
  slowBytes: number;
  stuckBytes: number;
  unsentBytes: number;
}

/** Bytes that wait for all clients together, and the part of what may wait that one of them can claim. */
export interface Backlog {
  total: number;
  share: () => number;
}

/** The session of one open WebSocket. */
export interface WsConnection {
  session: Session;
  /** Something is going on, however silent both ends are. */
  isInUse(): boolean;
  receive(bytes: Buffer, isBinary: boolean): void;
  /** Ends its session. */
  close(): void;
}

/** How long a client may take to answer a close before its socket is destroyed. */
const CLOSE_MS = 1000;

/** Bytes of frames that go to the system together at most. */
const GATHERED = 16_384;

/**
 * Sends to one client: one that reads slowly misses progress events, one that does not read is disconnected. Frames that are
 * sent while one event is handled (answers to all that one piece of the client's bytes held) leave in one call of the system.
 */
export class SendQueue {
  readonly #socket: WebSocket;
  readonly #wire: Pick<Duplex, 'cork' | 'uncork'>;
  readonly #limits: SendQueueLimits;
  readonly #backlog: Backlog;
  readonly #onStuck: (waiting: number) => void;
  #unsent = 0;
  #missed = 0;
  #sentAt = 0;
  /** Bytes that are held back to leave together, and those that waited before them; null where none are. */
  #held: { bytes: number; waiting: number } | null = null;

  /** @param wire what the socket writes to */
  constructor(
    socket: WebSocket,
    wire: Pick<Duplex, 'cork' | 'uncork'>,
    limits: SendQueueLimits,
    backlog: Backlog,
    onStuck: (waiting: number) => void,
  ) {
    this.#socket = socket;
    this.#wire = wire;
    this.#limits = limits;
    this.#backlog = backlog;
    this.#onStuck = onStuck;
    socket.on('close', () => this.#count(-this.#unsent));
  }

  /** When something was sent last, by performance.now(). */
  get sentAt(): number {
    return this.#sentAt;
  }

  /** Whether something was not taken yet. */
  get isWaiting(): boolean {
    return this.#socket.bufferedAmount > 0;
  }

  /** Frames that were left out so far. */
  get missed(): number {
    return this.#missed;
  }

  /** Makes the frame only when it is sent. Text goes as text, bytes as binary. */
  send(frame: () => string | Uint8Array, droppable: boolean): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    // What is held back waits for this process, not for the client.
    const waiting = this.#held?.waiting ?? socket.bufferedAmount;
    if (droppable && waiting > this.#limits.slowBytes) {
      this.#missed += 1;
      return;
    }
    // Many that are slow together are as bad as one that is stuck: then nobody keeps more than an equal share.
    const isCrowded = this.#backlog.total > this.#limits.unsentBytes && waiting > this.#backlog.share();
    if (waiting > this.#limits.stuckBytes || isCrowded) {
      this.#onStuck(waiting);
      void closeSocket(socket, 'slow_client');
      return;
    }
    this.#sentAt = performance.now();
    const data = frame();
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
    this.#count(bytes);
    this.#hold(bytes, waiting);
    // Called with an error too, which shows up as `error` or `close` of the socket.
    socket.send(data, { binary: typeof data !== 'string' }, () => this.#count(-Math.min(bytes, this.#unsent)));
    if (this.#held !== null && this.#held.bytes >= GATHERED) this.#release();
  }

  #hold(bytes: number, waiting: number): void {
    if (this.#held === null) {
      this.#held = { bytes: 0, waiting };
      this.#wire.cork();
      process.nextTick(() => this.#release());
    }
    this.#held.bytes += bytes;
  }

  #release(): void {
    if (this.#held === null) return;
    this.#held = null;
    this.#wire.uncork();
  }

  #count(bytes: number): void {
    this.#unsent += bytes;
    this.#backlog.total += bytes;
  }
}

/** Closes a socket, and destroys it when the client does not answer the close frame. */
export function closeSocket(socket: WebSocket, reason: ErrorCode): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.once('close', () => {
      clearTimeout(late);
      resolve();
    });
    socket.close(errors[reason].wsClose ?? 1011, reason);
  });
}

/** A message's bytes, however the socket gathered them. */
export function bytesOf(data: RawData): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [new Uint8Array(data)]);
}
