import { ProtocolError } from '../../protocol/index.ts';
import { decodeWav } from '../audio/wav.ts';

export interface Recording {
  /** A WAV, or bare samples where `rate` says how fast they are; text is base64 of it. */
  data: string | Uint8Array;
  rate?: number | undefined;
  format?: 'f32' | 's16' | undefined;
}

/** Rates that a WAV may state: beyond them a second of it is no second of sound. */
const [RATE_MIN, RATE_MAX] = [4000, 384_000];

/** A recording as mono samples. Throws bad_args for what is no audio, is empty, silent or no number, with its place. */
export function readRecording(
  { data, rate, format }: Recording,
  path = 'args.recording',
): { pcm: Float32Array; rate: number } {
  const fail = (message: string): never => {
    throw new ProtocolError('bad_args', `${path}: ${message}`, { path });
  };
  if (typeof data === 'string' && !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) fail('expected base64');
  const bytes = typeof data === 'string' ? new Uint8Array(Buffer.from(data, 'base64')) : data;
  const found = rate === undefined ? readWav(bytes, fail) : { pcm: samples(bytes, format ?? 's16', fail), rate };
  if (found.pcm.length === 0) fail('it contains no samples; expected a sound');
  if (found.rate < RATE_MIN || found.rate > RATE_MAX)
    fail(`${found.rate} Hz is not a supported sample rate; expected ${RATE_MIN} to ${RATE_MAX}`);
  let loudest = 0;
  for (const sample of found.pcm) {
    if (!Number.isFinite(sample)) fail('a sample is not a number; expected finite samples');
    loudest = Math.max(loudest, Math.abs(sample));
  }
  if (loudest === 0) fail('it is silent; expected a sound');
  // Float files may go beyond full scale; the voice was never told of any such sound.
  return loudest > 1 ? { ...found, pcm: found.pcm.map((sample) => sample / loudest) } : found;
}

function readWav(bytes: Uint8Array, fail: (message: string) => never): { pcm: Float32Array; rate: number } {
  try {
    const { pcm, rate } = decodeWav(bytes);
    return { pcm, rate };
  } catch (error) {
    return fail((error as Error).message);
  }
}

function samples(bytes: Uint8Array, format: 'f32' | 's16', fail: (message: string) => never): Float32Array {
  const width = format === 'f32' ? 4 : 2;
  if (bytes.length % width !== 0) fail(`${bytes.length} bytes are not a whole number of ${format} samples`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / width }, (_, i) =>
    format === 'f32' ? view.getFloat32(i * 4, true) : view.getInt16(i * 2, true) / 32_768,
  );
}
