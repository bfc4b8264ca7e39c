import { type Playing, player } from './player.svelte.ts';
import { soundOf } from './sounds.ts';

/** One player for saved clips. Switching clips while one sounds goes on at the same place. */
class Deck {
  clip = $state<string | null>(null);
  playing = $state(false);
  at = $state(0);
  seconds = $state(0);
  loop = $state.raw<[number, number] | null>(null);
  problem = $state('');
  #playing: Playing | null = null;
  #frame = 0;
  #wanted = 0;

  /** Shows a clip; one that sounds gives way to it, at its place. */
  async switchTo(clip: string): Promise<void> {
    if (clip === this.clip) return;
    this.clip = clip;
    if (this.#playing === null) {
      this.at = 0;
      this.loop = null;
      return;
    }
    await this.start(this.#playing.at);
  }

  async start(from = this.at): Promise<void> {
    const { clip } = this;
    if (clip === null) return;
    player.wake();
    const order = ++this.#wanted;
    try {
      const { pcm, rate } = await soundOf(clip);
      if (order !== this.#wanted) return;
      const before = this.#playing;
      this.seconds = pcm.length / rate;
      const begin = before !== null ? before.at : from >= this.seconds - 0.02 ? 0 : from;
      const mine = player.play(pcm, rate, {
        from: begin < this.seconds ? begin : 0,
        fade: before === null ? 0 : 0.012,
      });
      if (this.loop !== null) mine.loop(this.loop);
      before?.stop(0.012);
      this.#playing = mine;
      this.playing = true;
      this.problem = '';
      this.#follow();
      await mine.over;
      if (this.#playing === mine) {
        this.#playing = null;
        this.playing = false;
        this.at = this.loop?.[0] ?? 0;
        cancelAnimationFrame(this.#frame);
      }
    } catch (error) {
      this.problem = `Could not play the clip: ${(error as Error).message}`;
    }
  }

  stop(): void {
    this.#wanted += 1;
    this.#playing?.stop();
    this.#playing = null;
    this.playing = false;
    cancelAnimationFrame(this.#frame);
  }

  toggle(): void {
    if (this.playing) this.stop();
    else void this.start();
  }

  seek(seconds: number): void {
    this.at = Math.max(0, Math.min(seconds, this.seconds));
    this.#playing?.seek(this.at);
  }

  setLoop(range: [number, number] | null): void {
    this.loop = range;
    this.#playing?.loop(range);
    if (range !== null && (this.at < range[0] || this.at > range[1])) this.seek(range[0]);
  }

  #follow(): void {
    cancelAnimationFrame(this.#frame);
    const look = (): void => {
      if (this.#playing !== null) this.at = this.#playing.at;
      this.#frame = requestAnimationFrame(look);
    };
    look();
  }
}

export const deck = new Deck();
