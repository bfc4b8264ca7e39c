/** Messages between servers and workers of a farm over the broker: events and outcomes of jobs, as msgpack. */
import { createHash } from 'node:crypto';
import { decode, Encoder, encode } from '@msgpack/msgpack';
import { z } from 'zod';
import type { EngineEvent, EngineResult } from '../engine/engine.ts';
import { engineErrorCodes } from '../engine/errors.ts';
import { bounds, EVENTS_AT_ONCE, isHash } from './names.ts';
import { bytesOf, codesOf, FarmMessageError, floatsOf } from './recipe.ts';

/** Who made a clip, and by which arithmetic. */
export interface Maker {
  worker: string;
  fingerprint: string;
}

const hash = z.string().refine((text) => isHash(text));
const count = z.int().min(0);
const milliseconds = z.number().min(0);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const maker = z.strictObject({ worker: z.string().max(128), fingerprint: z.string().max(64) });

const resultSchema = z.strictObject({
  codes: bytes,
  rate: count,
  pcm: bytes,
  timings: z.strictObject({
    sampleMs: milliseconds,
    decodeMs: milliseconds,
    vocodeMs: milliseconds,
    firstRowMs: milliseconds,
    firstPreviewMs: milliseconds.nullable(),
    totalMs: milliseconds,
  }),
  maker,
});

const pcm = { rate: count, pcm: bytes };
const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('started') }),
  z.strictObject({ type: z.literal('row'), row: count, rows: count, codes: bytes }),
  z.strictObject({ type: z.literal('preview'), codebooks: count, seconds: z.number().optional(), ...pcm }),
  z.strictObject({ type: z.literal('audio'), offset: count, total: count, ...pcm }),
  // Made before: it lies in the store, and nobody puts it there again.
  z.strictObject({ type: z.literal('ended') }),
]);
const eventsSchema = z.array(eventSchema).max(EVENTS_AT_ONCE);
type Told = z.infer<typeof eventSchema>;

const outcomeSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('done'), result: resultSchema }),
  // Larger than a message: in the store of clips.
  z.strictObject({ state: z.literal('stored'), sha256: hash, bytes: count.max(bounds.resultBytes), maker }),
  z.strictObject({
    state: z.literal('failed'),
    code: z.enum(engineErrorCodes),
    message: z.string().max(2000),
    worker: z.string().max(128),
  }),
  // It will be tried again; the reason is told if the last try fails as well.
  z.strictObject({ state: z.literal('retrying'), message: z.string().max(2000), worker: z.string().max(128) }),
]);

type Outcome = z.infer<typeof outcomeSchema>;

/** What is known of a job that was begun. */
export type FarmOutcome = Exclude<Outcome, { state: 'done' }> | { state: 'done'; result: FarmResult };

/** What the maker of a clip tells on the way, over core NATS. */
export type FarmEvent = { type: 'engine'; event: EngineEvent } | { type: 'ended' };

export interface FarmResult extends EngineResult {
  maker: Maker;
}

/** Room beside the sound and the codes, so that the writer need not grow, which copies. */
const AROUND_BYTES = 4096;

export function writeResult(result: FarmResult): Uint8Array {
  return written(plain(result), result);
}

/** Throws FarmMessageError. */
export function readResult(message: Uint8Array): FarmResult {
  return result(parsed(resultSchema, decoded(message), 'the result'));
}

function plain({ codes, rate, pcm: sound, timings, maker: by }: FarmResult): z.infer<typeof resultSchema> {
  return { codes: bytesOf(codes), rate, pcm: bytesOf(sound), timings: { ...timings }, maker: { ...by } };
}

function result({ codes, pcm: sound, rate, timings, maker: by }: z.infer<typeof resultSchema>): FarmResult {
  return { codes: codesOf(codes), pcm: floatsOf(sound), rate, timings, maker: by };
}

function written(value: object, { pcm: sound, codes }: FarmResult): Uint8Array {
  const initialBufferSize = sound.byteLength + codes.byteLength + AROUND_BYTES;
  return new Encoder({ initialBufferSize }).encodeSharedRef(value);
}

/** Null if no event is left to send: some occur only in endless streams. */
export function writeEvents(events: readonly (EngineEvent | { type: 'ended' })[]): Uint8Array | null {
  const told = events.flatMap(plainEvent);
  return told.length === 0 ? null : encode(told);
}

function plainEvent(event: EngineEvent | { type: 'ended' }): Told[] {
  switch (event.type) {
    case 'row':
      return [{ ...event, codes: bytesOf(event.codes) }];
    case 'preview': {
      const { seconds, pcm: sound, ...rest } = event;
      return [{ ...rest, pcm: bytesOf(sound), ...(seconds === undefined ? {} : { seconds }) }];
    }
    case 'audio':
      return [{ ...event, pcm: bytesOf(event.pcm) }];
    case 'sound':
    case 'changed':
      return [];
    default:
      return [event];
  }
}

/** Throws FarmMessageError. */
export function readEvents(message: Uint8Array): FarmEvent[] {
  return parsed(eventsSchema, decoded(message), 'the events').map(eventOf);
}

function eventOf(told: Told): FarmEvent {
  switch (told.type) {
    case 'started':
      return { type: 'engine', event: told };
    case 'row':
      return { type: 'engine', event: { ...told, codes: codesOf(told.codes) } };
    case 'preview': {
      const { seconds, ...rest } = told;
      const held = seconds === undefined ? {} : { seconds };
      return { type: 'engine', event: { ...rest, ...held, pcm: floatsOf(told.pcm) } };
    }
    case 'audio':
      return { type: 'engine', event: { ...told, pcm: floatsOf(told.pcm) } };
    case 'ended':
      return told;
  }
}

export function writeOutcome(outcome: FarmOutcome): Uint8Array {
  if (outcome.state !== 'done') return encode(outcome);
  return written({ ...outcome, result: plain(outcome.result) }, outcome.result);
}

/** Null if it is invalid: an entry that cannot be parsed is treated as absent. */
export function readOutcome(message: Uint8Array): FarmOutcome | null {
  try {
    const outcome = outcomeSchema.parse(decoded(message));
    return outcome.state === 'done' ? { ...outcome, result: result(outcome.result) } : outcome;
  } catch {
    return null;
  }
}

export function sha256Of(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function decoded(message: Uint8Array): unknown {
  try {
    return decode(message, {
      maxStrLength: 4096,
      maxBinLength: bounds.resultBytes,
      maxArrayLength: EVENTS_AT_ONCE,
      maxMapLength: 32,
    });
  } catch (cause) {
    throw new FarmMessageError('it is not msgpack', { cause });
  }
}

function parsed<T>(schema: z.ZodType<T>, given: unknown, name: string): T {
  const { data, error } = schema.safeParse(given);
  if (data !== undefined) return data;
  const [issue] = error!.issues;
  throw new FarmMessageError(`${name} is not one: ${issue?.path.join('.')}: ${issue?.message}`);
}
