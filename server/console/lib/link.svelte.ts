import { type CallOptions, type Client, connect, type Done } from '../../../protocol/client.ts';
import type { ArgsInput, CommandName } from '../../../protocol/commands/index.ts';
import { type ErrorCode, isErrorCode, ProtocolError } from '../../../protocol/errors.ts';
import { ReconnectDelay } from '../../../protocol/reconnect-delay.ts';

/** `asking`: the server wants a token for everything. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'asking';

const FIRST_DELAY_MS = 250;
/** Why a connection is gone; the next one may go on with what was asked over it. */
export const LOST: ReadonlySet<ErrorCode> = new Set([
  'connection_closed',
  'idle_client',
  'shutting_down',
  'unauthorized',
]);
/** How listening ends without anything being wrong with it. */
const ENDS: ReadonlySet<ErrorCode> = new Set([...LOST, 'cancelled']);

/**
 * The page's one connection to the server it came from. It connects again whenever it was lost; whoever needs the
 * connection waits for it with `ready`. Tokens stay in memory.
 */
export class Link {
  state = $state<LinkState>('connecting');
  /** What is wrong, and what happens next, in words. */
  problem = $state('');
  isAdmin = $state(false);
  /** The dialog that asks for a token is open; for which role. */
  asks = $state<'play' | 'admin' | null>(null);
  /** Counts connections, so that views ask anew after each. */
  epoch = $state(0);
  #token: string | null = null;
  #client: Client | null = null;
  #waiting: ((client: Client) => void)[] = [];
  #answer: ((given: boolean) => void)[] = [];
  readonly #delay = new ReconnectDelay(FIRST_DELAY_MS);

  start(): void {
    void this.#run();
    addEventListener('online', () => this.#delay.cut());
    document.addEventListener('visibilitychange', () => this.#delay.cut());
  }

  ready(): Promise<Client> {
    if (this.#client !== null) return Promise.resolve(this.#client);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async call<N extends CommandName>(cmd: N, args: ArgsInput<N>, options?: CallOptions): Promise<Done<N>> {
    return (await this.ready()).call(cmd, args, options);
  }

  /**
   * Hears events until `signal` aborts or the connection ends, which is no failure: whoever listens asks again in the next
   * epoch. Rejects with what the server says against it.
   */
  async hear<N extends CommandName>(
    cmd: N,
    args: ArgsInput<N>,
    signal: AbortSignal,
    onEvent: NonNullable<CallOptions['onEvent']>,
  ): Promise<void> {
    try {
      await this.call(cmd, args, { signal, onEvent });
    } catch (error) {
      const isOver = error instanceof ProtocolError && ENDS.has(error.code);
      if (!isOver) throw error;
    }
  }

  /** Headers for what is fetched beside the connection. */
  get headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /** Asks for the admin token where it is not known yet. False when the person declines. */
  async becomeAdmin(): Promise<boolean> {
    if (this.isAdmin) return true;
    this.asks = 'admin';
    return new Promise((resolve) => this.#answer.push(resolve));
  }

  /** Tries a token. Gives what is wrong with it, or null. */
  async offer(token: string): Promise<string | null> {
    if (/\s/.test(token)) return 'A token contains no spaces. Copy it again.';
    const role = this.asks;
    const cmd = role === 'admin' ? 'admin.jobs' : 'server.ping';
    const answer = await probe(cmd, token).catch(() => null);
    if (answer === null) return 'The server does not answer, so the token could not be checked.';
    if (answer.code === 'unauthorized') return 'Unknown token. Paste the one that was printed last.';
    if (answer.code === 'forbidden') return 'This token has the role play; an admin token is needed.';
    if (answer.code !== null) return answer.message;
    this.#token = token;
    this.isAdmin = role === 'admin' || (await probe('admin.jobs', token)).code === null;
    this.asks = null;
    const client = this.#client;
    this.#client = null;
    client?.close();
    this.#delay.cut();
    for (const resolve of this.#answer.splice(0)) resolve(true);
    return null;
  }

  decline(): void {
    this.asks = null;
    for (const resolve of this.#answer.splice(0)) resolve(false);
  }

  async #run(): Promise<never> {
    for (;;) {
      if (await this.#hold()) continue;
      // A WebSocket that is refused does not say why.
      const refused = await probe('server.ping', this.#token).catch(() => 'absent' as const);
      if (refused === 'absent') {
        this.state = this.epoch === 0 ? 'connecting' : 'lost';
        this.problem = 'The server does not answer. Trying again; running takes resume when it is back.';
      } else if (refused.code === 'unauthorized') {
        if (this.#forgetToken()) continue;
        this.state = 'asking';
        this.problem = 'This server needs a token.';
        this.asks ??= 'play';
        await this.#delay.pause(60_000);
        continue;
      } else this.problem = refused.message || 'The server answers, but accepts no WebSocket connection. Trying again.';
      await this.#delay.wait();
    }
  }

  /** The server does not know the token any more. False where there was none. */
  #forgetToken(): boolean {
    if (this.#token === null) return false;
    this.#token = null;
    this.isAdmin = false;
    notices.say('The token was changed on the server. Enter the new one for admin actions.');
    return true;
  }

  /** Connects, and stays until the connection is gone. False where there was none. */
  async #hold(): Promise<boolean> {
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    let client: Client;
    try {
      client = await connect(url.href, { codec: 'msgpack', token: this.#token ?? undefined });
    } catch {
      return false;
    }
    this.#delay.reset();
    this.#client = client;
    this.state = 'open';
    this.problem = '';
    this.epoch += 1;
    for (const resolve of this.#waiting.splice(0)) resolve(client);
    const error = await client.closed;
    if (this.#client === client) this.#client = null;
    if (error.message === 'closed by this client') return true;
    this.state = 'lost';
    if (error.code === 'unauthorized') this.#forgetToken();
    return true;
  }
}

/** One command over HTTP: unlike a WebSocket that is refused, its answer says why. Rejects where there is no server. */
async function probe(cmd: CommandName, token: string | null): Promise<{ code: ErrorCode | null; message: string }> {
  const response = await fetch(`/v1/${cmd}`, {
    method: 'POST',
    body: '{}',
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  const { event, data } = (await response.json()) as { event: string; data: { code?: unknown; message?: string } };
  if (event !== 'failed') return { code: null, message: '' };
  return { code: isErrorCode(data.code) ? data.code : 'internal', message: data.message ?? '' };
}

export interface Notice {
  id: number;
  text: string;
  /** Offered beside it. */
  action: { label: string; run: () => void } | null;
}

/** Short messages at the edge of the page; each leaves by itself. */
class Notices {
  all = $state<Notice[]>([]);
  #count = 0;

  say(text: string, action: Notice['action'] = null, ms = 7000): () => void {
    const id = ++this.#count;
    const leave = () => {
      this.all = this.all.filter((one) => one.id !== id);
    };
    // What is said again takes the place of what was said before.
    const others = this.all.filter((one) => one.text !== text || one.action !== null);
    this.all = [...others.slice(-3), { id, text, action }];
    setTimeout(leave, ms);
    return leave;
  }

  /** Says why something did not work. */
  fail(what: string, error: unknown): void {
    if (error instanceof ProtocolError && error.code === 'cancelled') return;
    this.say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export const notices = new Notices();
export const link = new Link();
