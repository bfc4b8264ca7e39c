import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';

/** A port between plugin and server, on which everything can go wrong. */
export class Gate {
  readonly #sockets = new Set<net.Socket>();
  readonly #server: net.Server;
  readonly #to: number;
  url = '';
  /** Connections so far. */
  count = 0;
  /** After so many bytes of the server's the next connection is cut. */
  cutAfter = Number.POSITIVE_INFINITY;
  /** Milliseconds by which the server's bytes come later. */
  delayMs = 0;
  /** Connections are taken, and nothing is ever said. */
  silent = false;

  constructor(t: TestContext, server: string) {
    this.#to = Number(new URL(server).port);
    this.#server = net.createServer((client) => this.#join(client));
    t.after(() => this.down());
  }

  async up(): Promise<this> {
    this.#server.listen(this.url === '' ? 0 : Number(new URL(this.url).port), '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `ws://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}/ws`;
    return this;
  }

  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: net.Socket): void {
    this.count += 1;
    const sockets = [client];
    if (!this.silent) {
      const server = net.connect(this.#to, '127.0.0.1');
      sockets.push(server);
      client.pipe(server);
      let told = 0;
      const { cutAfter } = this;
      this.cutAfter = Number.POSITIVE_INFINITY;
      server.on('data', (bytes) => {
        told += bytes.length;
        if (told > cutAfter) {
          told = Number.NEGATIVE_INFINITY;
          client.end(bytes.subarray(0, bytes.length >> 1));
          server.destroy();
        } else if (this.delayMs > 0) setTimeout(() => client.write(bytes), this.delayMs);
        else client.write(bytes);
      });
    }
    for (const socket of sockets) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        for (const other of sockets) other.destroy();
      });
    }
  }
}
