import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../errors.ts';

/** Who may send a command: `play` is everyone, `admin` needs the admin role. */
export type Role = 'play' | 'admin';

/**
 * How one event becomes an OSC message. `args` are `field:type`: the field is a path into the event's data
 * (`clips.0.path`), the types are `s` string, `i` int32, `f` float32, `n` int32 where it fits and else a decimal
 * string, `*` a list of strings, `?` the type it has, nothing when absent. `id` alone stands for the echoed id.
 */
export interface OscReply {
  address: string;
  args: readonly string[];
  /** Send one message per element of this array of the data, whose elements the fields then refer to. */
  each?: string;
  /** Only when that array has at least so many elements. */
  atLeast?: number;
  /** Send one message per field of these that the data have: after the others its name and its value. */
  named?: readonly string[];
}

export interface OscForm {
  address: string;
  /**
   * `own`: the first argument is this request's id. `target`: it names another request and is passed as the first of
   * `args`. `none`: no id.
   */
  id: 'own' | 'target' | 'none';
  /** Argument names in their order; any may be left out from the end unless the command requires it. */
  args: readonly string[];
  /** After the ordered ones, further arguments follow as key and value pairs. */
  pairs: boolean;
  /** How a word stands for an argument that OSC has no type for. */
  words?: Readonly<Record<string, (text: string) => unknown>>;
  /** The argument that is a velocity: 0 to 1, or above 1 of MIDI's 127. */
  velocity?: string;
  /** A lone float is what a button sends, 1 or 0, and no argument. */
  button?: boolean;
  /** Arguments that OSC always sets, and that a sender cannot. */
  fixed: Readonly<Record<string, unknown>>;
  /** A whole example message after the address. */
  example: readonly (string | number)[];
  replies: Readonly<Record<string, readonly OscReply[]>>;
}

/** The form of a command that takes nothing, not even an id. */
export function bareOsc(address: string, replies: OscForm['replies']): OscForm {
  return { address, id: 'none', args: [], pairs: false, fixed: {}, example: [], replies };
}

type Shape = z.ZodObject;
type EventsOf = Record<string, Shape>;

/** The data of every `failed` event. */
const failedData = z.object({
  code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]).describe('one of the codes in the error table'),
  message: z.string().describe('what is wrong, for people'),
  path: z.string().optional().describe('the argument at fault, as `args.temperature`'),
  job: z.string().optional().describe('the job that failed, when it had begun'),
});

/** The data of a `late` event, which every timed command has: it happened after its time. */
const lateData = z.object({
  late: z.number().describe('lateness').meta({ unit: 'ms' }),
  asked: z.number().describe('requested time, since 1970').meta({ unit: 'ms' }),
  at: z.number().describe('actual time, since 1970').meta({ unit: 'ms' }),
});

export interface Command<N extends string = string, A extends Shape = Shape, E extends EventsOf = EventsOf> {
  readonly name: N;
  readonly role: Role;
  /** One line. */
  readonly doc: string;
  readonly args: A;
  /** Data of each event, `done` and `failed` included; these two end the request. */
  readonly events: E & { failed: typeof failedData };
  readonly osc: OscForm | null;
  /** Takes the time at which it is meant, ahead of it; others wait for it. */
  readonly timed: boolean;
  /** Whether `POST /v1/<name>` answers it. */
  readonly http: boolean;
  /** Whether `POST /v1/<name>` answers with its sound as it is made, in place of what it tells. */
  readonly sound: boolean;
  /**
   * A file that goes along, beside arguments and answer, over HTTP: `out` is streamed by `GET /v1/<name>?<args>` in place of
   * the answer, `in` is the body of `PUT /v1/<name>?<args>`. Transports without files move it in pieces, which are
   * arguments and answers like any other.
   */
  readonly file: 'in' | 'out' | null;
  readonly example: {
    readonly id?: string;
    readonly args: z.input<A>;
    readonly events: { readonly [K in keyof E]: z.input<E[K]> };
  };
}

/**
 * Declares one command; types, validation, codecs, routes, documentation and golden files all derive from the value
 * it returns.
 */
export function defineCommand<const N extends string, A extends Shape, E extends EventsOf & { done: Shape }>(spec: {
  name: N;
  role: Role;
  doc: string;
  args: A;
  events: E;
  osc?: OscForm;
  http?: boolean;
  sound?: boolean;
  file?: 'in' | 'out';
  timed?: boolean;
  example: { id?: string; args: z.input<A>; events: { [K in keyof E]: z.input<E[K]> } };
}): Command<N, A, E> {
  return {
    ...spec,
    timed: spec.timed ?? false,
    events: { ...spec.events, ...(spec.timed === true ? { late: lateData } : {}), failed: failedData },
    osc: spec.osc ?? null,
    http: spec.http ?? false,
    sound: spec.sound ?? false,
    file: spec.file ?? null,
  };
}

const binSchemas = new WeakSet<object>();

/** A field of raw bytes: base64 in JSON, bin in msgpack, absent from OSC. */
export function bin(doc: string): z.ZodType<Uint8Array, Uint8Array> {
  const schema = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes').describe(doc);
  binSchemas.add(schema);
  return schema;
}

export function isBin(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional) return isBin(schema.unwrap());
  return typeof schema === 'object' && schema !== null && binSchemas.has(schema);
}

const secretSchemas = new WeakSet<object>();

/** Marks an argument that no log may show; put it outermost, around `optional` and the like. */
export function secret<S extends z.ZodType>(schema: S): S {
  secretSchemas.add(schema);
  return schema;
}

export function isSecret(schema: object): boolean {
  return secretSchemas.has(schema);
}
