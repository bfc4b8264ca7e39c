import {
  type Answer,
  type Args,
  type Command,
  type CommandName,
  checkArgs,
  commands as declared,
  type ErrorCode,
  type EventData,
  type Events,
  failedAnswer,
  ProtocolError,
  type Request,
  type Role,
  toProtocolError,
  unknownCommand,
  withoutSecrets,
} from '../../protocol/index.ts';
import { type AdminRequest, type Audit, adminRequest } from './audit.ts';
import { type FileTransfer, noFiles } from './file-transfer.ts';
import { Stop } from './stop.ts';

/** How an answer leaves: what a transport needs beside the answer itself. */
export interface Delivery {
  /** Command it answers; null when the request was not readable so far. */
  cmd: string | null;
  /** Progress that a client too slow to read may miss. Never true of `done` and `failed`. */
  droppable: boolean;
}

export type Send = (answer: Answer, delivery: Delivery) => void;

/** One client on one transport, while it is connected. Answers go to this client only. */
export interface Session {
  readonly id: string;
  readonly transport: string;
  /** Who it is among those who take turns: the session itself, or an address with many sessions. */
  readonly client: string;
  readonly role: Role;
  /** Whether its end is seen; of a client that may leave unseen only `heard` tells. */
  readonly lasting: boolean;
  /** When it last asked for something, or connected, by performance.now(). */
  readonly heard: number;
  /** Requests that have not ended, by the client's id. */
  readonly open: ReadonlyMap<string, OpenRequest>;
}

export interface OpenRequest {
  readonly cmd: string;
  /** Set once the request has become a job. */
  job: string | null;
  readonly stop: Stop;
}

/** Why requests end whose client has left: the very object that a signal's `reason` then is. */
export const clientGone = new ProtocolError('cancelled', 'the client is gone');

/** What a handler is given. It returns the data of `done`, or throws; the dispatcher sends the one terminal event. */
export interface Context<N extends CommandName = CommandName> {
  readonly args: Args<N>;
  readonly session: Session;
  /** When it is meant to happen, in milliseconds since 1970; null is now. Only timed commands have one. */
  readonly at: number | null;
  /** Tells the client that it happened after its time. */
  late(at: number): void;
  /** Aborted when the client is gone or has cancelled; the reason is a ProtocolError. */
  readonly signal: AbortSignal;
  readonly files: FileTransfer;
  /** Names the job, so that a `failed` can carry it. */
  setJob(job: string): void;
  emit<E extends Exclude<Events<N>, 'done' | 'failed'>>(event: E, data: EventData<N, E>, droppable?: boolean): void;
}

type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;

export type Handler<N extends CommandName> = (context: Context<N>) => Promise<Done<N>> | Done<N>;

export type Handlers = { [N in CommandName]: Handler<N> };

/** A handler whose command is only known at run time. */
type AnyHandler = (context: Context) => unknown;

export interface DispatcherOptions {
  handlers: Handlers;
  /** Requests one session may have open. */
  openRequests: number;
  /** Hears the cause of each `internal` and of each answer that could not be sent. */
  onFault: (error: unknown, where: { cmd: string | null; session: string; transport: string }) => void;
  /** More commands than the protocol declares; only tests of roles have any. */
  extra?: { command: Command; handler: AnyHandler }[];
  /** What a command waits for before it is handled, undefined for nothing; what it rejects with is the answer. */
  before?: (cmd: string) => Promise<void> | undefined;
  /** Hears of every command of the admin role. */
  audit?: Audit;
}

interface OpenSession extends Session {
  readonly open: Map<string, OpenRequest>;
  readonly send: Send;
  heard: number;
  closed: boolean;
}

/** Parses, authorises and handles the requests of all transports, and turns every error into one `failed`. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #commands = new Map<string, { command: Command; handler: AnyHandler }>();
  readonly #sessions = new Map<string, OpenSession>();
  #count = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    for (const [name, command] of Object.entries(declared as unknown as Record<string, Command>)) {
      this.#commands.set(name, { command, handler: options.handlers[name as CommandName] as unknown as AnyHandler });
    }
    for (const { command, handler } of options.extra ?? []) this.#commands.set(command.name, { command, handler });
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  connect(client: { transport: string; role: Role; send: Send; lasting?: boolean; client?: string }): Session {
    const id = `${client.transport}-${++this.#count}`;
    const heard = performance.now();
    const session: OpenSession = { lasting: true, client: id, ...client, id, heard, open: new Map(), closed: false };
    this.#sessions.set(id, session);
    return session;
  }

  /** The client is gone: its requests are stopped and nothing more is sent. */
  disconnect(session: Session): void {
    const known = this.#sessions.get(session.id);
    if (known === undefined) return;
    known.closed = true;
    this.#sessions.delete(session.id);
    for (const { stop } of known.open.values()) stop.abort(clientGone);
  }

  /** Answers one request. `read` decodes it, so that what it throws is answered like every other error. Never rejects. */
  async receive(session: Session, read: () => Request, files: FileTransfer = noFiles): Promise<void> {
    const known = this.#sessions.get(session.id);
    if (known === undefined) return;
    known.heard = performance.now();
    let request: Request | null = null;
    let open: OpenRequest | null = null;
    let answer: Answer;
    let audited: AdminRequest | null = null;
    try {
      request = read();
      open = this.#admit(known, request);
      const { command, handler } = this.#authorise(known, request);
      if (request.at !== undefined && !command.timed) {
        const message = `at: ${request.cmd} does not take a time; send the request when it is due`;
        throw new ProtocolError('bad_args', message, { id: request.id, path: 'at' });
      }
      const args = checkArgs(command, request.args, request.id);
      if (command.role === 'admin') {
        audited = adminRequest(known, request);
        await this.#options.audit?.begun(audited, withoutSecrets(command, args));
      }
      const before = this.#options.before?.(request.cmd);
      if (before !== undefined) await before;
      const data = await handler(this.#context(known, request, open, args, files));
      answer = { id: request.id, event: 'done', data: data as Record<string, unknown> };
    } catch (thrown) {
      const error = toProtocolError(thrown);
      if (error.code === 'internal') this.#fault(error.cause ?? error, known, request);
      answer = failedAnswer(request?.id ?? null, error, open?.job ?? undefined);
    }
    if (audited !== null) {
      await this.#options.audit?.ended(audited, answer.event === 'done' ? null : (answer.data.code as ErrorCode));
    }
    // Forgotten before it is told: on hearing the answer, the client may use the id again.
    if (request !== null && open !== null) known.open.delete(request.id);
    const delivery = { cmd: request?.cmd ?? null, droppable: false };
    const unsent = this.#send(known, answer, delivery);
    if (unsent !== null && answer.event === 'done') this.#send(known, failedAnswer(answer.id, unsent), delivery);
  }

  #admit(session: OpenSession, { id, cmd }: Request): OpenRequest {
    if (session.open.has(id)) {
      const message = 'a request with this id is still open on this connection; choose another id, or wait for its end';
      throw new ProtocolError('duplicate_id', message, { id });
    }
    if (session.open.size >= this.#options.openRequests) {
      const message = `${session.open.size} requests of this connection are open already; wait for one to end`;
      throw new ProtocolError('queue_full', message, { id });
    }
    const open: OpenRequest = { cmd, job: null, stop: new Stop() };
    session.open.set(id, open);
    return open;
  }

  #authorise(session: Session, request: Request): { command: Command; handler: AnyHandler } {
    const { id, cmd } = request;
    const found = this.#commands.get(cmd);
    if (found === undefined) {
      throw unknownCommand(cmd, this.#commands.keys(), id);
    }
    if (found.command.role === 'admin' && session.role !== 'admin') {
      this.#options.audit?.refused(adminRequest(session, request), 'forbidden');
      const message = `${cmd} needs the admin role; connect with the admin token (foleyd token rotate admin makes one)`;
      throw new ProtocolError('forbidden', message, { id });
    }
    return found;
  }

  #context(
    session: OpenSession,
    { id, cmd, at }: Request,
    open: OpenRequest,
    args: unknown,
    files: FileTransfer,
  ): Context {
    return {
      args: args as Args<CommandName>,
      files,
      session,
      at: at ?? null,
      late: (happened) => {
        if (at === undefined || session.open.get(id) !== open) return;
        const data = { late: happened - at, asked: at, at: happened };
        this.#send(session, { id, event: 'late', data }, { cmd, droppable: false });
      },
      get signal() {
        return open.stop.signal;
      },
      setJob: (job) => {
        open.job = job;
      },
      emit: (event, data, droppable = false) => {
        // Progress that comes after the end is nobody's any more.
        if (session.open.get(id) !== open) return;
        this.#send(session, { id, event, data: data as Record<string, unknown> }, { cmd, droppable });
      },
    };
  }

  /** Why the transport could not encode or take the answer; null when it did. */
  #send(session: OpenSession, answer: Answer, delivery: Delivery): ProtocolError | null {
    if (session.closed) return null;
    try {
      session.send(answer, delivery);
      return null;
    } catch (error) {
      this.#options.onFault(error, { cmd: delivery.cmd, session: session.id, transport: session.transport });
      return toProtocolError(error);
    }
  }

  #fault(error: unknown, session: Session, request: Request | null): void {
    this.#options.onFault(error, { cmd: request?.cmd ?? null, session: session.id, transport: session.transport });
  }
}
