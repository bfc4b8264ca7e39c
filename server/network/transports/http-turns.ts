import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** One that is at work or waits. */
interface Turn {
  request: IncomingMessage | null;
  response: ServerResponse | null;
  begin: () => void;
}

/**
 * Requests of one connection are handled one after the other, in the order in which HTTP answers them. Node hands over all
 * that a client has sent in one go: handled at once, one connection could have thousands of them at work.
 */
export class HttpTurns {
  readonly #max: number;
  /** The one at work first, by connection. */
  readonly #open = new WeakMap<Duplex, Turn[]>();

  /** @param most requests of one connection that are open; one more ends it */
  constructor(most: number) {
    this.#max = most;
  }

  /** Calls `handle` when it is this request's turn, and never where its client is gone before. */
  enter(request: IncomingMessage, response: ServerResponse, handle: () => void): void {
    const { socket } = request;
    response.once('close', () => this.#next(socket));
    this.#add(socket, { request, response, begin: handle });
  }

  /**
   * Behind what is answered by then comes `end`; a request that was not whole is none. `isAnswered`: that one has its answer
   * already, as one that is refused by its head.
   */
  endWith(socket: Duplex, end: (isAnswered: boolean) => void): void {
    const all = this.#open.get(socket) ?? [];
    const open = all.filter(({ request }) => request?.complete === true);
    const isAnswered = all.some(
      ({ request, response }) => request?.complete === false && response?.headersSent === true,
    );
    if (open.length === 0) end(isAnswered);
    else this.#open.set(socket, [...open, { request: null, response: null, begin: () => end(isAnswered) }]);
  }

  #add(socket: Duplex, turn: Turn): void {
    const open = this.#open.get(socket);
    if (open === undefined) {
      this.#open.set(socket, [turn]);
      turn.begin();
    } else if (open.length < this.#max) open.push(turn);
    else socket.destroy();
  }

  #next(socket: Duplex): void {
    const [, ...open] = this.#open.get(socket) ?? [];
    // After an answer that ends the connection nothing can be answered, and so nothing is done any more.
    if (!socket.writable || open.length === 0) {
      this.#open.delete(socket);
      return;
    }
    this.#open.set(socket, open);
    open[0]!.begin();
  }
}
