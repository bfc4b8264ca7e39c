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

/** Sends to one client: one that reads slowly misses progress events, one that does not read is disconnected. */
export class SendQueue {
  readonly #socket: WebSocket;
  readonly #limits: SendQueueLimits;
  readonly #backlog: Backlog;
  readonly #onStuck: (waiting: number) => void;
  #unsent = 0;
  #missed = 0;
  #sentAt = 0;

  constructor(socket: WebSocket, limits: SendQueueLimits, backlog: Backlog, onStuck: (waiting: number) => void) {
    this.#socket = socket;
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
    const waiting = socket.bufferedAmount;
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
    // Called with an error too, which shows up as `error` or `close` of the socket.
    socket.send(data, { binary: typeof data !== 'string' }, () => this.#count(-Math.min(bytes, this.#unsent)));
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
