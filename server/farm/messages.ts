import { createHash } from 'node:crypto';
import { decode, encode } from '@msgpack/msgpack';
import { z } from 'zod';
import type { EngineEvent, EngineResult } from '../engine/engine.ts';
import { engineErrorCodes } from '../engine/errors.ts';
import { bounds, isHash } from './names.ts';
import { bytesOf, codesOf, FarmMessageError, floatsOf } from './recipe.ts';

/** Who made a clip, and by which arithmetic. */
export interface Maker {
  worker: string;
  fingerprint: string;
}

const hash = z.string().refine((text) => isHash(text));
const count = z.int().min(0);
const milliseconds = z.number().min(0);
const bytes = z.instanceof(Uint8Array);
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
  // The whole result where somebody waits for it; else only that it lies in the store.
  z.strictObject({ type: z.literal('result'), result: bytes.optional() }),
  z.strictObject({ type: z.literal('failed') }),
]);
type Told = z.infer<typeof eventSchema>;

const outcomeSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('done'), sha256: hash, bytes: count.max(bounds.resultBytes), maker }),
  z.strictObject({
    state: z.literal('failed'),
    code: z.enum(engineErrorCodes),
    message: z.string().max(2000),
    worker: z.string().max(128),
  }),
  // It will be tried again; the reason is told if the last try fails as well.
  z.strictObject({ state: z.literal('retrying'), message: z.string().max(2000), worker: z.string().max(128) }),
]);

/** What is known of a job that was begun. */
export type FarmOutcome = z.infer<typeof outcomeSchema>;

/** What the maker of a clip tells on the way, over core NATS. */
export type FarmEvent =
  | { type: 'engine'; event: EngineEvent }
  | { type: 'result'; result: FarmResult | null }
  | { type: 'failed' };

export interface FarmResult extends EngineResult {
  maker: Maker;
}

export function writeResult({ codes, rate, pcm: sound, timings }: EngineResult, by: Maker): Uint8Array {
  return encode({ codes: bytesOf(codes), rate, pcm: bytesOf(sound), timings: { ...timings }, maker: { ...by } });
}

/** Throws FarmMessageError. */
export function readResult(message: Uint8Array): FarmResult {
  const { codes, pcm: sound, rate, timings, maker: by } = parsed(resultSchema, decoded(message), 'the result');
  return { codes: codesOf(codes), pcm: floatsOf(sound), rate, timings, maker: by };
}

/** Null for events that only streams without end have. */
export function writeEvent(event: EngineEvent | { type: 'result'; result?: Uint8Array } | { type: 'failed' }) {
  switch (event.type) {
    case 'row':
      return encode({ ...event, codes: bytesOf(event.codes) });
    case 'preview':
    case 'audio':
      return encode({ ...event, pcm: bytesOf(event.pcm) });
    case 'sound':
    case 'changed':
      return null;
    default:
      return encode(event);
  }
}

/** Throws FarmMessageError. */
export function readEvent(message: Uint8Array): FarmEvent {
  const told: Told = parsed(eventSchema, decoded(message), 'the event');
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
    case 'result':
      return { type: 'result', result: told.result === undefined ? null : readResult(told.result) };
    case 'failed':
      return told;
  }
}

export function writeOutcome(outcome: FarmOutcome): Uint8Array {
  return Buffer.from(JSON.stringify(outcome), 'utf8');
}

/** Null where it is none: an entry that nobody can read is as good as none. */
export function readOutcome(message: Uint8Array): FarmOutcome | null {
  try {
    return outcomeSchema.parse(JSON.parse(Buffer.from(message).toString('utf8')));
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
      maxArrayLength: 64,
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
