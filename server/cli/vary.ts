import { CliError } from './errors.ts';
import { targetOf } from './files.ts';
import { envelopeOf } from './followed.ts';
import { argsFrom, checkTarget, type GenerateOptions, makeFiles } from './generate.ts';
import { readSound } from './like.ts';

export interface VaryOptions extends Omit<GenerateOptions, 'like' | 'candidates'> {
  class?: string;
  from?: number;
  to?: number;
  amount?: number;
}

/** Of a file, as much as one request carries beside everything else of it. */
const FILE_BYTES = 1_000_000;

/** `foleyd vary`: clips that keep part of a saved clip, or of a recording. Resolves with the exit code. */
export async function vary(what: string, options: VaryOptions): Promise<number> {
  const target = await targetOf(options.out, options.count);
  checkTarget(target, options);
  const { from, to, amount, envelope } = options;
  // No id of a clip has a dot.
  if (/\.\w+$/.test(what) && !/\.wav$/i.test(what))
    throw new CliError('usage', `${what} is no WAV file; expected one, or the id of a saved clip`);
  const args = {
    ...(/\.wav$/i.test(what) ? { recording: await recordingIn(what) } : { clip: what }),
    ...argsFrom(options.class, options),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(amount !== undefined && { amount }),
    ...(envelope !== undefined && { envelope: await envelopeOf(envelope) }),
  };
  return makeFiles('foley.vary', options, { target, format: options.format ?? 'f32' }, () => Promise.resolve(args));
}

async function recordingIn(file: string): Promise<Uint8Array> {
  const bytes = await readSound(file);
  if (bytes.byteLength <= FILE_BYTES) return bytes;
  const message = `${file} has ${bytes.byteLength} bytes; expected at most ${FILE_BYTES}, about 10 s of 16 bits at 48 kHz, mono: cut out what surrounds the stretch`;
  throw new CliError('usage', message);
}
