import { bytesPerSample, decodePcm } from './codecs/pcm.ts';
import type { EventData } from './commands/index.ts';
import { ProtocolError } from './errors.ts';

type AudioEvent = EventData<'foley.generate', 'audio'>;

export interface Sound {
  /** Hz. */
  rate: number;
  /** Interleaved in `pcm`. */
  channels: number;
  /** Nominally -1..1. */
  pcm: Float32Array;
}

/** Sample frames that a client is ready to hold for one clip: 10 minutes at 192 kHz. */
const maxFrames = 192_000 * 600;

/** Puts the chunks of each clip together; those of one clip come in order, those of several may mix. */
export class SoundAssembler {
  readonly #sounds = new Map<number, Sound & { filled: number }>();

  /** Throws `malformed` for a chunk that does not fit its clip. */
  add({ index, offset, total, rate, channels, format, pcm }: AudioEvent): void {
    if (
      !isCount(offset) ||
      !isCount(total) ||
      !isCount(channels) ||
      channels < 1 ||
      total * channels > maxFrames ||
      !Object.hasOwn(bytesPerSample, format)
    ) {
      throw new ProtocolError('malformed', `clip ${index}: not a chunk of audio`);
    }
    const length = total * channels;
    const sound = this.#sounds.get(index) ?? { rate, channels, pcm: new Float32Array(length), filled: 0 };
    this.#sounds.set(index, sound);
    const samples = decodePcm(pcm, format);
    if (offset * channels !== sound.filled || sound.filled + samples.length > sound.pcm.length) {
      throw new ProtocolError('malformed', `clip ${index}: the chunk at frame ${offset} does not fit`);
    }
    sound.pcm.set(samples, sound.filled);
    sound.filled += samples.length;
  }

  /** The clip, or null when none of it came. Throws `malformed` when its end is missing. */
  take(index: number): Sound | null {
    const sound = this.#sounds.get(index);
    if (sound === undefined) return null;
    this.#sounds.delete(index);
    const { rate, channels, pcm, filled } = sound;
    if (filled !== pcm.length)
      throw new ProtocolError('malformed', `clip ${index}: ${pcm.length - filled} samples are missing`);
    return { rate, channels, pcm };
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
