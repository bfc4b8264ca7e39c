import { encodePcm, envelopeFromText } from '../../protocol/index.ts';
import { resample } from '../audio/resample.ts';
import { decodeWav } from '../audio/wav.ts';
import { CliError } from './errors.ts';
import { readSound } from './like.ts';

/** More of a sound is not heard in its loudness, and a request has little room. */
const RATE = 22_050;
/** What fits into one request, beside everything else of it. */
const SECONDS = 20;

/**
 * `--envelope`: times, breakpoints or the id of a clip, or else the name of a WAV file, whose loudness is followed. Throws
 * io_error, or usage for a file that is no such sound.
 */
export async function envelopeOf(text: string): Promise<unknown> {
  if (!/\.wav$/i.test(text)) return envelopeFromText(text);
  const { pcm, rate } = wavIn(text, await readSound(text));
  if (pcm.length > SECONDS * rate) {
    const seconds = (pcm.length / rate).toFixed(1);
    throw new CliError('usage', `--envelope: ${text} lasts ${seconds} s; expected at most ${SECONDS} s`);
  }
  const hertz = Math.min(rate, RATE);
  const sound = await resample(pcm, rate, hertz);
  return { recording: encodePcm(sound, 's16'), recordingRate: hertz, recordingFormat: 's16' };
}

function wavIn(file: string, bytes: Uint8Array): { pcm: Float32Array; rate: number } {
  try {
    return decodeWav(bytes);
  } catch (error) {
    throw new CliError('usage', `--envelope: ${file}: ${(error as Error).message}`, error);
  }
}
