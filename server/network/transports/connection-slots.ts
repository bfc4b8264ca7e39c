import type { Socket } from 'node:net';
import { isLoopback } from '../loopback.ts';

export interface SlotOptions {
  /** Connections at a time. */
  max: number;
  /** Hears of each connection that got no slot. */
  onCrowded: () => void;
  now?: () => number;
}

interface Slot {
  socket: Socket;
  address: string;
  /** Requests that are being answered, and 1 for a WebSocket. */
  serving: number;
  /** Bytes that had left when it was last looked at, and when that last changed. */
  written: number;
  movedAt: number;
}

/** One address that is not this machine has at most so large a share of the slots, and at least so many. */
const SHARE = 0.25;
const LEAST_SHARE = 8;
/** Milliseconds in which a client must take some of an answer that waits for it. */
const STALLED_MS = 60_000;
const LOOK_MS = 5000;

/**
 * The connections of a server. A slot belongs to who is served: where all are taken, a newcomer gets that of the oldest
 * connection which has not completed a request, so half-sent requests and sockets that say nothing lock nobody out.
 */
export class ConnectionSlots {
  readonly #options: SlotOptions;
  readonly #now: () => number;
  /** Oldest first, by address and port: a TLS socket is another object than the connection below it. */
  readonly #slots = new Map<string, Slot>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#slots.size;
  }

  /** A connection came. It is destroyed where there is no slot for it. */
  enter(socket: Socket): void {
    const key = keyOf(socket);
    if (this.#slots.get(key)?.socket === socket) return;
    const address = socket.remoteAddress ?? '';
    const { max, onCrowded } = this.#options;
    const own = [...this.#slots.values()].filter((slot) => slot.address === address);
    const isOverShare = !isLoopback(address) && own.length >= Math.max(LEAST_SHARE, Math.floor(max * SHARE));
    if ((isOverShare || this.#slots.size >= max) && !this.#evict(isOverShare ? own : this.#slots.values())) {
      onCrowded();
      socket.destroy();
      return;
    }
    const slot: Slot = { socket, address, serving: 0, written: 0, movedAt: this.#now() };
    this.#slots.set(key, slot);
    socket.once('close', () => {
      if (this.#slots.get(key) === slot) this.#slots.delete(key);
    });
  }

  /** A complete request came; returns what is to be called once it is answered. */
  serve(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): () => void {
    const slot = this.#slots.get(keyOf(socket));
    if (slot === undefined) return () => undefined;
    slot.serving += 1;
    let over = false;
    return () => {
      if (!over) slot.serving -= 1;
      over = true;
    };
  }

  /** Ends connections whose clients take nothing of what waits for them. */
  look(): void {
    const now = this.#now();
    for (const slot of this.#slots.values()) {
      const { socket } = slot;
      if (socket.writableLength > 0 && socket.bytesWritten - socket.writableLength === slot.written) {
        if (now - slot.movedAt >= STALLED_MS) socket.destroy();
        continue;
      }
      slot.written = socket.bytesWritten - socket.writableLength;
      slot.movedAt = now;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#slots.values()) socket.destroy();
  }

  #evict(slots: Iterable<Slot>): boolean {
    for (const slot of slots) {
      if (slot.serving > 0) continue;
      this.#slots.delete(keyOf(slot.socket));
      slot.socket.destroy();
      return true;
    }
    return false;
  }
}

function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
