import { Gathering, type Generated, type GenerateListeners } from './client-gathering.ts';
import type { Codec } from './codecs/codec.ts';
import { jsonCodec } from './codecs/json.ts';
import { msgpackCodec } from './codecs/msgpack.ts';
import type { ArgsInput, CommandName, EventData, Events } from './commands/index.ts';
import type { Answer } from './envelope.ts';
import { type ErrorCode, errorCodes, errors, isErrorCode, ProtocolError } from './errors.ts';

/** What the client needs of a WebSocket: the browser's, Node's and that of the `ws` package all have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
}

export interface ConnectOptions {
  /** `msgpack` carries sound in a quarter less bytes and far less time than `json`. */
  codec?: 'json' | 'msgpack';
  /** For servers that ask for one; sent as `?token=`, because browsers cannot set headers here. */
  token?: string | undefined;
  /** A constructor such as that of the `ws` package, where there is no global one (Node 20). */
  WebSocket?: new (
    url: string,
    protocol: string,
  ) => WebSocketLike;
  /** Hears failures that belong to no request. */
  onError?: (error: ProtocolError) => void;
}

export type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;

export interface CallOptions {
  /** Every event before the last. */
  onEvent?: (event: string, data: Record<string, unknown>) => void;
  /** Aborting cancels the job in the server. */
  signal?: AbortSignal | undefined;
  /** Drawn when left out. */
  id?: string | undefined;
  /** Milliseconds after which it rejects with `timed_out` and the job is cancelled; for ever when left out. */
  timeoutMs?: number | undefined;
}

export interface GenerateOptions extends Omit<CallOptions, 'onEvent'>, GenerateListeners {}

interface Open {
  resolve(data: Record<string, unknown>): void;
  reject(error: ProtocolError): void;
  onEvent: CallOptions['onEvent'];
}

/** One connection to a server. Every promise it gives settles: with `done`, or with a ProtocolError. */
export class Client {
  readonly closed: Promise<ProtocolError>;
  readonly #socket: WebSocketLike;
  readonly #codec: Codec;
  readonly #onError: ConnectOptions['onError'];
  readonly #open = new Map<string, Open>();
  #count = 0;
  #end: ProtocolError | null = null;

  /** Takes over a socket that is open and speaks the codec's subprotocol. */
  constructor(socket: WebSocketLike, codec: Codec = jsonCodec, onError?: ConnectOptions['onError']) {
    this.#socket = socket;
    this.#codec = codec;
    this.#onError = onError;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.#receive(data as string | ArrayBuffer));
    socket.addEventListener('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', (event) => {
        const error = this.#end ?? closeError(event);
        this.#finish(error);
        resolve(error);
      });
    });
  }

  /** Sends one command and waits for its `done`. Rejects with the code of `failed`, or `connection_closed`. */
  call<N extends CommandName>(cmd: N, args: ArgsInput<N>, options: CallOptions = {}): Promise<Done<N>> {
    const { signal, onEvent, timeoutMs, id = `c${++this.#count}` } = options;
    return new Promise<Done<N>>((resolve, reject) => {
      if (this.#end !== null) return reject(this.#end);
      if (signal?.aborted) return reject(new ProtocolError('cancelled'));
      if (this.#open.has(id)) return reject(new ProtocolError('duplicate_id', undefined, { id }));
      const frame = this.#codec.encodeRequest({ id, cmd, args: args as Record<string, unknown> });
      const cancel = () => this.#cancel(id);
      signal?.addEventListener('abort', cancel, { once: true });
      const late = timeoutMs === undefined ? undefined : setTimeout(() => this.#giveUp(id, timeoutMs), timeoutMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', cancel);
          clearTimeout(late);
          this.#open.delete(id);
          then(value);
        };
      this.#open.set(id, { resolve: settle((data) => resolve(data as Done<N>)), reject: settle(reject), onEvent });
      this.#socket.send(frame);
    });
  }

  /** Makes clips and puts their sound together. */
  async generate(args: ArgsInput<'foley.generate'>, options: GenerateOptions = {}): Promise<Generated> {
    const gathering = new Gathering(options);
    const done = await this.call('foley.generate', args, { ...callOptions(options), onEvent: gathering.hear });
    return gathering.finish(done);
  }

  close(): void {
    this.#finish(new ProtocolError('connection_closed', 'closed by this client'));
    this.#socket.close(1000);
  }

  #cancel(request: string): void {
    // The answer that counts is the `failed` of the request itself; it may also be done by now.
    this.call('foley.cancel', { request }).catch(() => {});
  }

  #giveUp(id: string, timeoutMs: number): void {
    const open = this.#open.get(id);
    this.#cancel(id);
    open?.reject(
      new ProtocolError(
        'timed_out',
        `no answer for ${timeoutMs} ms; the server is busy or gone: try again, or allow more time (timeoutMs)`,
        { id },
      ),
    );
  }

  #receive(frame: string | ArrayBuffer): void {
    let answer: Answer;
    try {
      answer = this.#codec.decodeAnswer(typeof frame === 'string' ? frame : new Uint8Array(frame));
    } catch (cause) {
      this.#finish(new ProtocolError('malformed', 'the server sent an unreadable message', { cause }));
      this.#socket.close(1000);
      return;
    }
    const { id, event, data } = answer;
    const open = id === null ? undefined : this.#open.get(id);
    if (event === 'failed') {
      const error = failure(data, id);
      if (open === undefined) this.#onError?.(error);
      else open.reject(error);
    } else if (event === 'done') open?.resolve(data);
    else open?.onEvent?.(event, data);
  }

  #finish(error: ProtocolError): void {
    this.#end ??= error;
    for (const { reject } of [...this.#open.values()]) reject(this.#end);
  }
}

/** Opens a connection, as `connect('ws://127.0.0.1:9247/ws')`. Rejects with a ProtocolError. */
export function connect(url: string, options: ConnectOptions = {}): Promise<Client> {
  const codec = options.codec === 'msgpack' ? msgpackCodec : jsonCodec;
  const WebSocket = options.WebSocket ?? (globalThis as unknown as Pick<ConnectOptions, 'WebSocket'>).WebSocket;
  if (WebSocket === undefined)
    return Promise.reject(
      new ProtocolError('internal', 'there is no global WebSocket; pass WebSocket from the ws package'),
    );
  const target = new URL(url);
  if (options.token !== undefined) target.searchParams.set('token', options.token);
  const socket = new WebSocket(target.href, codec.subprotocol);
  return new Promise((resolve, reject) => {
    const client = new Client(socket, codec, options.onError);
    socket.addEventListener('open', () => resolve(client));
    client.closed.then(reject, reject);
  });
}

/** What a call takes of the options of `generate`. */
export function callOptions({ signal, id, timeoutMs }: GenerateOptions): CallOptions {
  return { signal, id, timeoutMs };
}

function failure(data: Record<string, unknown>, id: string | null): ProtocolError {
  const { code, message, path } = data;
  // A newer server may have codes that this client does not know.
  const known: ErrorCode = isErrorCode(code) ? code : 'internal';
  const text = `${isErrorCode(code) ? '' : `${String(code)}: `}${String(message ?? '')}`;
  return new ProtocolError(known, text, { id: id ?? undefined, path: typeof path === 'string' ? path : undefined });
}

function closeError({ code, reason }: { code: number; reason: string }): ProtocolError {
  const known = errorCodes.find((name) => errors[name].wsClose === code) ?? 'connection_closed';
  return new ProtocolError(known, `the connection was closed (${code}${reason === '' ? '' : `: ${reason}`})`);
}
