import type { Socket } from 'node:net';
import { isLoopback } from '../loopback.ts';

export interface SlotOptions {
  /** Connections at a time. */
  max: number;
  /** Milliseconds of silence after which a WebSocket on which nothing is going on may lose its slot. */
  idleMs: number;
  /** Hears of each connection that got no slot. */
  onCrowded: () => void;
  now?: () => number;
}

/** A WebSocket, as far as it matters for who keeps its slot. Times are `performance.now()`. */
export interface Lasting {
  /** When something last went one way or the other; null before the client sent its first message. */
  usedAt(): number | null;
  /** Something is going on over it, however silent it is. */
  isInUse(): boolean;
  /** Closes it and tells why; what still comes is not handled. */
  yield(): void;
}

interface Slot {
  key: string;
  socket: Socket;
  address: string;
  /** Requests that are being answered, and 1 for a WebSocket. */
  serving: number;
  lasting: Lasting | null;
  /** Bytes that had left when it was last looked at, and when that last changed. */
  written: number;
  movedAt: number;
}

/** One address that is not this machine has at most so large a share of the slots, and at least so many. */
const SHARE = 0.25;
const LEAST_SHARE = 8;
/** WebSockets that may take their time to hear that they lost their slot; of more the first is destroyed. */
const MAX_CLOSING = 64;
/** Milliseconds in which a client must take some of an answer that waits for it. */
const STALLED_MS = 60_000;
const LOOK_MS = 5000;

/**
 * The connections of a server. A slot belongs to who is served: where all are taken, a newcomer gets that of the oldest
 * connection which has not completed a request, so half-sent requests and sockets that say nothing lock nobody out. Next in
 * turn are WebSockets on which nothing is going on: those that never said anything, then the one silent for longest.
 */
export class ConnectionSlots {
  readonly #options: SlotOptions;
  readonly #now: () => number;
  /** Oldest first, by address and port: a TLS socket is another object than the connection below it. */
  readonly #slots = new Map<string, Slot>();
  readonly #yielding = new Set<Socket>();
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
    const all = [...this.#slots.values()];
    const own = isLoopback(address) ? [] : all.filter((slot) => slot.address === address);
    const isOverShare = own.length >= Math.max(LEAST_SHARE, Math.floor(max * SHARE));
    if ((isOverShare || this.#slots.size >= max) && !this.#evict(isOverShare ? own : all)) {
      onCrowded();
      socket.destroy();
      return;
    }
    const slot: Slot = { key, socket, address, serving: 0, lasting: null, written: 0, movedAt: this.#now() };
    this.#slots.set(key, slot);
    socket.once('close', () => {
      if (this.#slots.get(key) === slot) this.#slots.delete(key);
      this.#yielding.delete(socket);
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

  /** The connection has become a WebSocket. */
  lasts(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>, lasting: Lasting): void {
    const slot = this.#slots.get(keyOf(socket));
    if (slot !== undefined) slot.lasting = lasting;
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

  #evict(slots: readonly Slot[]): boolean {
    const unserved = slots.find(({ serving }) => serving === 0);
    const slot = unserved ?? this.#idle(slots);
    if (slot === undefined) return false;
    this.#slots.delete(slot.key);
    if (slot.lasting === null) {
      slot.socket.destroy();
      return true;
    }
    this.#yielding.add(slot.socket);
    slot.lasting.yield();
    // It closes within a bound, but newcomers may come faster.
    const [first] = this.#yielding;
    if (this.#yielding.size > MAX_CLOSING) first?.destroy();
    return true;
  }

  /** The WebSocket that is missed least. */
  #idle(slots: readonly Slot[]): Slot | undefined {
    const latest = this.#now() - this.#options.idleMs;
    let found: Slot | undefined;
    let foundAt = Number.POSITIVE_INFINITY;
    for (const slot of slots) {
      const { lasting } = slot;
      if (lasting === null || lasting.isInUse()) continue;
      const usedAt = lasting.usedAt();
      if (usedAt === null) return slot;
      if (usedAt <= latest && usedAt < foundAt) [found, foundAt] = [slot, usedAt];
    }
    return found;
  }
}

function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
