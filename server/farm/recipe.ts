import { createHash } from 'node:crypto';
import { decode, encode } from '@msgpack/msgpack';
import { z } from 'zod';
import type { EngineRequest } from '../engine/engine.ts';

/** What of a request decides the clip, and what its maker tells on the way. The voice is named by its fingerprint. */
export type FarmRequest = Omit<EngineRequest, 'voiceDir' | 'endless' | 'urgent'>;

export class FarmMessageError extends Error {
  override readonly name = 'FarmMessageError';
}

const CELLS = 1 << 20;
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= 2 * CELLS);
const weights = z.array(z.number()).min(1).max(4096).readonly();
const number = z.number();
const whole = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

const requestSchema = z.strictObject({
  classWeights: weights,
  seed: whole,
  temperature: number,
  topK: whole,
  topP: number,
  guidance: number.optional(),
  avoid: weights.optional(),
  contour: bytes.optional(),
  spectrum: bytes.optional(),
  guideFollowed: z.boolean().optional(),
  rate: whole,
  live: z.boolean().optional(),
  codes: bytes.optional(),
  start: z.strictObject({ codes: bytes, given: bytes }).optional(),
  density: z.strictObject({ perSecond: number, seed: whole, frame: whole }).optional(),
});
type Encoded = z.infer<typeof requestSchema>;

const jobSchema = z.strictObject({
  version: z.literal(1),
  request: requestSchema,
  previews: z.boolean(),
  stream: z.boolean(),
});

/** A job as bytes, and the hash of all that decides the clip: requests with one hash have one clip. */
export function writeJob(fingerprint: string, request: FarmRequest): { hash: string; bytes: Uint8Array } {
  const recipe = encoded(request);
  const { previews, stream = false } = request;
  return { hash: hashOf(fingerprint, recipe), bytes: encode({ version: 1, request: recipe, previews, stream }) };
}

/** Throws FarmMessageError for what is none, or is not the one its hash says. */
export function readJob(fingerprint: string, hash: string, message: Uint8Array): FarmRequest {
  let given: unknown;
  try {
    given = decode(message, { maxStrLength: 64, maxBinLength: 2 * CELLS, maxArrayLength: 4096, maxMapLength: 32 });
  } catch (cause) {
    throw new FarmMessageError('the job is not msgpack', { cause });
  }
  const { data: job, error } = jobSchema.safeParse(given);
  if (job === undefined) {
    const [issue] = error.issues;
    throw new FarmMessageError(`the job is not one: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (hashOf(fingerprint, job.request) !== hash) throw new FarmMessageError('the job is not the one its hash names');
  const { contour, spectrum, codes, start, ...rest } = job.request;
  return {
    ...withoutUndefined(rest),
    previews: job.previews,
    stream: job.stream,
    ...(contour === undefined ? {} : { contour: floatsOf(contour) }),
    ...(spectrum === undefined ? {} : { spectrum: floatsOf(spectrum) }),
    ...(codes === undefined ? {} : { codes: codesOf(codes) }),
    ...(start === undefined ? {} : { start: { codes: codesOf(start.codes), given: new Uint8Array(start.given) } }),
  };
}

/** Field by field: the hash must not depend on how the object came about. */
function encoded({ start, contour, spectrum, codes, ...request }: FarmRequest): Encoded {
  return withoutUndefined({
    classWeights: request.classWeights,
    seed: request.seed,
    temperature: request.temperature,
    topK: request.topK,
    topP: request.topP,
    guidance: request.guidance,
    avoid: request.avoid,
    contour: contour === undefined ? undefined : bytesOf(contour),
    spectrum: spectrum === undefined ? undefined : bytesOf(spectrum),
    guideFollowed: request.guideFollowed,
    rate: request.rate,
    // A clip that can be played as it comes has samples of its own.
    live: request.live === true && request.stream === true ? true : undefined,
    codes: codes === undefined ? undefined : bytesOf(codes),
    start: start === undefined ? undefined : { codes: bytesOf(start.codes), given: bytesOf(start.given) },
    density: request.density,
  });
}

function hashOf(fingerprint: string, request: Encoded): string {
  const ordered = Object.fromEntries(
    Object.keys(requestSchema.shape)
      .filter((key) => request[key as keyof Encoded] !== undefined)
      .map((key) => [key, request[key as keyof Encoded]]),
  );
  return createHash('sha256').update(`${fingerprint}\n`).update(encode(ordered)).digest('hex');
}

/** Little-endian, as all machines are that ONNX Runtime has a package for. */
export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A copy, which a Buffer's slice is not: what was decoded may lie anywhere, and views of numbers may not. */
export function floatsOf(data: Uint8Array): Float32Array {
  if (data.length % 4 !== 0) throw new FarmMessageError(`${data.length} bytes are no 32-bit floats`);
  return new Float32Array(new Uint8Array(data).buffer);
}

export function codesOf(data: Uint8Array): Uint16Array {
  if (data.length % 2 !== 0) throw new FarmMessageError(`${data.length} bytes are no 16-bit codes`);
  return new Uint16Array(new Uint8Array(data).buffer);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUndefined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
