import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodePcm, limits } from '../../protocol/index.ts';
import type { ClipArgs } from './clip-plan.ts';
import type { GenerationContext } from './context.ts';

interface Part {
  index: number;
  offset: number;
  total: number;
  rate: number;
  pcm: Float32Array;
}

/**
 * Sends the audio of a job to its client, in order and in chunks: parts of a single clip while it is generated, whole
 * clips, or the rest of one.
 */
export class ClipAudio {
  readonly #to: Pick<GenerationContext, 'emit' | 'signal'>;
  readonly #format: ClipArgs['format'];
  /** Samples of the clip that have left or are on their way. */
  #sent = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(to: Pick<GenerationContext, 'emit' | 'signal'>, format: ClipArgs['format']) {
    this.#to = to;
    this.#format = format;
  }

  /** Of a job's only clip, while the rest of it is made. */
  part({ index, offset, total, rate, pcm }: Part): void {
    this.#sent = offset + pcm.length;
    this.#send({ index, offset, total, rate, pcm }).catch(() => undefined); // who sends the rest hears of it
  }

  /** Resolves when all of a finished clip has left. */
  rest(clip: Pick<Part, 'index' | 'rate' | 'pcm'>): Promise<void> {
    return this.#send({ ...clip, offset: this.#sent, total: clip.pcm.length, pcm: clip.pcm.subarray(this.#sent) });
  }

  #send(part: Part): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendNow(part));
    return this.#sending;
  }

  /** With a turn of the event loop between chunks: no clip is long enough to hold the others up. */
  async #sendNow({ index, offset, total, rate, pcm }: Part): Promise<void> {
    const { emit, signal } = this.#to;
    const format = this.#format;
    for (let at = 0; at < pcm.length && !signal.aborted; at += limits.audioChunkFrames) {
      if (at > 0) await nextTurn();
      const chunk = encodePcm(pcm.subarray(at, at + limits.audioChunkFrames), format);
      emit('audio', { index, offset: offset + at, total, rate, channels: 1, format, pcm: chunk });
    }
  }
}
