import type { GrowingSound, Playback, Played, PlayOptions } from './playback.ts';

/** Seconds of a stream that must be there before it begins to sound. */
const BEGIN = 0.25;
const STOP_FADE = 0.05;

/** A sound without end on the server's own output. It waits, and counts a pause, where its sound does not come in time. */
export class PlayedStream {
  readonly #playback: Playback;
  readonly #options: PlayOptions;
  readonly #rate: number;
  readonly #sound: GrowingSound;
  readonly #onGone: () => void;
  #samples = 0;
  #played: Played | null = null;

  /** @param onGone hears that the output plays it no more, though it has not ended: another sound took its place. */
  constructor(playback: Playback, rate: number, options: PlayOptions, onGone: () => void) {
    this.#playback = playback;
    this.#options = options;
    this.#rate = rate;
    this.#sound = playback.grow(rate, { seconds: null, waits: true });
    this.#onGone = onGone;
  }

  /** Null if there is none. */
  get device(): string | null {
    return this.#playback.info().device;
  }

  get pauses(): number {
    return this.#played?.pauses ?? 0;
  }

  /** In place of what was added from this sample on. */
  add(offset: number, pcm: Float32Array): void {
    this.#sound.add(pcm, offset);
    this.#samples = offset + pcm.length;
    if (this.#samples >= BEGIN * this.#rate) this.#begin();
  }

  /** All of it was added: resolves when it has sounded, or was stopped. */
  async end(): Promise<void> {
    this.#sound.end();
    if (this.#samples > 0) this.#begin();
    await this.#played?.ended;
  }

  stop(): void {
    this.#sound.end();
    if (this.#played !== null) this.#playback.stop(this.#played.voice, STOP_FADE);
  }

  #begin(): void {
    if (this.#played !== null) return;
    const played = this.#playback.play(this.#sound, this.#options);
    this.#played = played;
    void played.ended.then((ending) => ending === 'stolen' && this.#onGone());
  }
}
