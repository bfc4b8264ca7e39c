import { printable } from './printable.ts';

/** What a code means to the person who reads it, and how each transport shows it. */
export interface ErrorInfo {
  meaning: string;
  /** What to do about it, where that is the same whatever went wrong: a `failed` event says it behind its message. */
  next?: string;
  /** Status of the HTTP answer. */
  http: number;
  /** WebSocket close code, for the errors that end the connection rather than one request. */
  wsClose?: number;
}

/** For whoever uses a voice whose files are damaged: what is wrong with which file they cannot mend. */
const OTHER_VOICE = 'import the voice again, or activate another';

const table = {
  malformed: { meaning: 'The bytes are not valid JSON, msgpack or OSC.', http: 400 },
  bad_envelope: { meaning: 'The message is readable but is not {id, cmd, args}.', http: 400 },
  unsupported_encoding: {
    meaning: 'The body of an HTTP request is compressed; send it as it is.',
    http: 415,
  },
  unknown_command: { meaning: 'No command has this name or OSC address.', http: 404 },
  bad_args: {
    meaning: 'An argument is missing, unknown, of the wrong type or out of range; the message names it.',
    http: 400,
  },
  unknown_class: { meaning: 'The voice has no class of this name or id; `voice.list` names its classes.', http: 404 },
  unknown_voice: { meaning: 'No voice has this id; `voice.list` lists the voices.', http: 404 },
  unknown_job: { meaning: 'No open job or request has this id; `job.list` lists the open jobs.', http: 404 },
  unknown_stream: {
    meaning:
      'No stream that is playing has this id: it has ended, or `accepted` gave it another; `stream.start` starts one.',
    http: 404,
  },
  too_many_streams: {
    meaning: 'As many streams are playing as the server allows; stop one, or try again later.',
    http: 503,
  },
  not_streamable: {
    meaning:
      "The rows of the voice's code grid are not time steps, so it can make clips but no streams; use another voice.",
    http: 409,
  },
  no_fingerprints: {
    meaning: 'The voice has no fingerprints of its training recordings; `foley-train fingerprints` writes them.',
    http: 409,
  },
  restarted: {
    meaning:
      'The server was restarted, and only jobs with `keep` and batches that write files are resumed. Saved clips are kept; request the rest again.',
    http: 410,
  },
  unknown_clip: { meaning: 'No clip has this id; `clip.list` lists the clips.', http: 404 },
  unknown_dataset: { meaning: 'No data set has this id; `dataset.list` lists the data sets.', http: 404 },
  bad_dataset: { meaning: 'The recordings cannot be trained on; the message says which and why.', http: 400 },
  data_in_use: { meaning: 'Another foleyd uses the data folder; the message says which.', http: 409 },
  already_exists: { meaning: 'The name is taken; choose another.', http: 409 },
  python_missing: { meaning: 'Training needs Python; the message says what to install.', http: 501 },
  trainer_missing: { meaning: 'Python lacks what training needs; the message says what to install.', http: 501 },
  no_room: { meaning: 'Too little memory or disk is free; the message says how much is needed.', http: 507 },
  out_of_resources: {
    meaning:
      'The machine has no free file descriptors, processes or memory; the message says which. Nothing is missing or damaged: try again later.',
    http: 503,
  },
  no_delivery: { meaning: 'The server has no delivery folder; start it with `--deliver DIR`.', http: 409 },
  training_failed: { meaning: 'The training ended without a voice; the message says why.', http: 500 },
  unknown_reference: { meaning: 'No reference has this name; the message says where it was expected.', http: 404 },
  bad_reference: {
    meaning: 'The file is not a reference, or has none of the classes; the message says why.',
    http: 400,
  },
  wrong_voice: { meaning: 'The clip was made by another voice, or by another version of it; use that one.', http: 409 },
  bad_voice: { meaning: 'The file is not a voice, or cannot be used here; the message says why.', http: 400 },
  licence_refused: {
    meaning: 'The voice was trained on recordings whose licences are not all permissive; the message names them.',
    http: 409,
  },
  voice_in_use: {
    meaning: 'The voice is active, or something else needs it; the message says what.',
    http: 409,
  },
  voice_built_in: {
    meaning: 'The voice ships with the server and cannot be deleted; activate another one instead.',
    http: 403,
  },
  gate_refused: {
    meaning: 'The voice has a worse FAD than the active one, or was not measured alike; `force` activates it anyway.',
    http: 409,
  },
  unknown_map: { meaning: 'No trigger map has this id; `trigger.list` lists the maps.', http: 404 },
  pool_empty: { meaning: 'The map has no clip ready yet; try again, or set `wait`.', http: 503 },
  duplicate_id: { meaning: 'This connection already has an open request with this id; choose another id.', http: 409 },
  too_large: { meaning: 'The message is larger than the limit; send less in one message.', http: 413, wsClose: 1009 },
  queue_full: { meaning: 'Too many jobs are waiting; try again later.', http: 503 },
  rate_limited: {
    meaning: 'The answers to this address are too large for what it sent; try again in a second.',
    http: 429,
  },
  unauthorized: {
    meaning: 'The token is missing or wrong; `foleyd token` shows which roles have one, and makes another.',
    http: 401,
    wsClose: 4401,
  },
  forbidden: {
    meaning: 'This origin, host or role may not do this; the message says what allows it.',
    http: 403,
    wsClose: 4403,
  },
  cancelled: { meaning: 'The job was cancelled.', http: 409 },
  engine_crashed: {
    meaning: 'The engine process ended while it made this clip; it is being restarted, so try again.',
    http: 500,
  },
  engine_unavailable: { meaning: 'The engine is not ready; try again, and see `foleyd doctor`.', http: 503 },
  engine_failed: { meaning: 'The engine could not make this clip; the message says why.', http: 500 },
  voice_missing: { meaning: `A file of the voice is missing; ${OTHER_VOICE}.`, next: OTHER_VOICE, http: 500 },
  voice_corrupt: {
    meaning: `A file of the voice does not match its card or cannot be read; ${OTHER_VOICE}.`,
    next: OTHER_VOICE,
    http: 500,
  },
  slow_client: {
    meaning: 'The client does not read its answers, so the connection was closed; read them as they come.',
    http: 503,
    wsClose: 4408,
  },
  idle_client: {
    meaning:
      'All connections were taken, and nothing was going on over this one, so it was closed for another. Nothing that was sent meanwhile was handled: connect again.',
    http: 503,
    wsClose: 4503,
  },
  io_error: { meaning: 'A file could not be read or written.', http: 500 },
  port_in_use: { meaning: 'Another program uses the port; the message says how to choose another.', http: 500 },
  bad_certificate: { meaning: 'The certificate or key for TLS cannot be used; the message says which.', http: 500 },
  shutting_down: { meaning: 'The server is stopping; connect again when it has started.', http: 503, wsClose: 1001 },
  internal: { meaning: "Internal error; the server's log has the cause.", http: 500, wsClose: 1011 },
  timed_out: { meaning: 'No answer came in time; try again (raised by the client, never sent).', http: 504 },
  connection_closed: {
    meaning: 'The connection was closed before the answer came; connect again (raised by the client, never sent).',
    http: 502,
  },
} as const satisfies Record<string, ErrorInfo>;

export type ErrorCode = keyof typeof table;

/** Every error code there is; PROTOCOL.md prints this table. */
export const errors: Readonly<Record<ErrorCode, ErrorInfo>> = table;

export const errorCodes = Object.keys(table) as ErrorCode[];

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(table, code);
}

export interface ProtocolErrorOptions {
  /** Where in the message the fault lies, as `args.temperature`. */
  path?: string | undefined;
  /** The request it answers, when that much could be read. */
  id?: string | undefined;
  cause?: unknown;
}

/** The only error that parsers and handlers show to a client. Whatever its message quotes is made printable. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly id: string | undefined;

  constructor(code: ErrorCode, message?: string, options: ProtocolErrorOptions = {}) {
    super(
      printable(message ?? errors[code].meaning),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.path = options.path === undefined ? undefined : printable(options.path);
    this.id = options.id;
  }

  /** The data of a `failed` event. */
  toData(): { code: ErrorCode; message: string; path?: string } {
    const { next } = errors[this.code];
    // One that a client was sent says it already.
    const said = next === undefined || this.message.includes(next);
    const message = said ? this.message : `${this.message.replace(/\.$/, '')}; ${next}`;
    return { code: this.code, message, ...(this.path === undefined ? {} : { path: this.path }) };
  }

  /** The same error, known to answer request `id`. */
  withId(id: string | undefined): ProtocolError {
    if (id === undefined || this.id !== undefined) return this;
    return new ProtocolError(this.code, this.message, { path: this.path, id, cause: this.cause });
  }
}

/** What the system says of a disk that is full, broken, or not for us: no fault of the server's. */
const DISK: ReadonlySet<string> = new Set([
  ...['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS', 'EACCES', 'EPERM', 'ESTALE', 'ENODEV'],
]);

/** What it says where it has no more to give. */
const SHORTAGE: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/**
 * Turns whatever was thrown into a ProtocolError; anything unknown becomes `internal` and keeps its cause. A message of the
 * system's is left out: it names paths.
 */
export function toProtocolError(thrown: unknown): ProtocolError {
  if (thrown instanceof ProtocolError) return thrown;
  if (thrown instanceof Error && 'code' in thrown && isErrorCode(thrown.code)) {
    return new ProtocolError(thrown.code, thrown.message, { cause: thrown });
  }
  if (thrown instanceof Error && 'syscall' in thrown && 'code' in thrown) {
    const said = String(thrown.code);
    const code = DISK.has(said) ? 'io_error' : SHORTAGE.has(said) ? 'out_of_resources' : null;
    if (code !== null)
      return new ProtocolError(code, `${errors[code].meaning} The system says ${said}.`, { cause: thrown });
  }
  return new ProtocolError('internal', undefined, { cause: thrown });
}
