import {
  type CallOptions,
  type Client,
  type ConnectOptions,
  callOptions,
  connect,
  type Done,
  type GenerateOptions,
} from './client.ts';
import { Gathering, type Generated } from './client-gathering.ts';
import type { ArgsInput, CommandName } from './commands/index.ts';
import { type ErrorCode, ProtocolError } from './errors.ts';
import { ReconnectDelay } from './reconnect-delay.ts';

export interface LastingOptions extends ConnectOptions {
  /** How often a connection is tried in a row before it is given up; 10 by default. */
  tries?: number;
  /** Milliseconds before the second try, doubled for each further one up to 5 s; 200 by default. */
  delayMs?: number;
}

/** Ends of a connection after which the job, where one was begun, goes on. */
const LOST: ReadonlySet<ErrorCode> = new Set(['connection_closed', 'idle_client']);

/**
 * A client that reconnects when its connection is lost. A `generate` job continues in the server and is followed to
 * its end; each event is passed on once. Other calls reject with `connection_closed`, since only their caller knows
 * whether they may be repeated.
 */
export class LastingClient {
  readonly #open: () => Promise<Client>;
  readonly #tries: number;
  readonly #delayMs: number;
  #client: Promise<Client> | null = null;
  #isClosed = false;
  #delay: ReconnectDelay | null = null;

  constructor(url: string, { tries = 10, delayMs = 200, ...options }: LastingOptions = {}) {
    this.#open = () => connect(url, options);
    this.#tries = tries;
    this.#delayMs = delayMs;
  }

  /** As `Client.call`, on the connection of now or the next. */
  async call<N extends CommandName>(cmd: N, args: ArgsInput<N>, options: CallOptions = {}): Promise<Done<N>> {
    for (let n = 1; ; n++) {
      try {
        return await (await this.#connected()).call(cmd, args, options);
      } catch (error) {
        // It says that nothing was handled, so the call may be made once more.
        const isIdle = error instanceof ProtocolError && error.code === 'idle_client';
        if (this.#isClosed || !isIdle || n >= this.#tries) throw error;
      }
    }
  }

  /** As `Client.generate`; what is said of `keep` in `args` does not count, it is always set. */
  async generate(args: ArgsInput<'foley.generate'>, options: GenerateOptions = {}): Promise<Generated> {
    const gathering = new Gathering(options);
    for (;;) {
      const client = await this.#connected();
      const call = { ...callOptions(options), onEvent: gathering.hear };
      const { job } = gathering;
      try {
        const ended =
          job === null
            ? client.call('foley.generate', { ...args, keep: true }, call)
            : client.call('foley.attach', { job }, call);
        return gathering.finish(await ended);
      } catch (error) {
        if (this.#isClosed || !(error instanceof ProtocolError) || !LOST.has(error.code)) throw error;
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#delay?.cut();
    this.#client?.then((client) => client.close()).catch(() => undefined);
  }

  #connected(): Promise<Client> {
    if (this.#isClosed) return Promise.reject(new ProtocolError('connection_closed', 'closed by this client'));
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const delay = new ReconnectDelay(this.#delayMs);
    this.#delay = delay;
    try {
      for (let n = 1; ; n++) {
        try {
          const client = await this.#open();
          if (this.#isClosed) client.close();
          void client.closed.then(() => {
            this.#client = null;
          });
          return client;
        } catch (error) {
          // A server that refuses will refuse again; one that is not there may come.
          const isAbsent = error instanceof ProtocolError && error.code === 'connection_closed';
          if (this.#isClosed || !isAbsent || n >= this.#tries) throw error;
          await delay.wait();
        }
      }
    } catch (error) {
      this.#client = null;
      throw error;
    }
  }
}
