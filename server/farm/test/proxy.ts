import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a broker that can be cut as a network is: what is under way stays there, and nobody is told. */
export class CuttableWay {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #cut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<CuttableWay> {
    const server = createServer();
    const way = new CuttableWay(server);
    server.on('connection', (near) => way.#join(near, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  cut(): void {
    this.#cut = true;
    for (const pair of this.#pairs) for (const end of pair) end.pause();
  }

  heal(): void {
    this.#cut = false;
    for (const pair of this.#pairs) for (const end of pair) end.resume();
  }

  close(): void {
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
    this.#server.close();
  }

  #join(near: Socket, far: Socket): void {
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    for (const [one, other] of [pair, [far, near]] as const) {
      one.on('data', (data) => void other.write(data));
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
      if (this.#cut) one.pause();
    }
  }
}
