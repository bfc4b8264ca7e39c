import { decodePcm } from '../../../protocol/codecs/pcm.ts';
import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';
import { type Playing, player } from './player.svelte.ts';

type Change = Omit<ArgsInput<'stream.set'>, 'stream'>;

/** Changes are sent so far apart: of those between, as a slider makes them, the last ones. */
const EACH_MS = 120;

/** The one endless sound that this page plays: started, changed while it sounds, kept after the fact. */
class Endless {
  state = $state<'off' | 'starting' | 'playing'>('off');
  /** What sounds now, in the voice's spelling. */
  label = $state<string | Record<string, number> | null>(null);
  /** Seconds that have sounded. */
  seconds = $state(0);
  gaps = $state(0);
  /** What is chosen to sound: a class, `*` for the mix, or nothing for the first class. */
  chosen = $state('');
  /** dB. */
  level = $state(0);
  #id: string | null = null;
  #playing: Playing | null = null;
  #leave: AbortController | null = null;
  /** The latest of each that the server was told, or will be. */
  #told: Change = {};
  #waiting: Change = {};
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Resolves when it has ended. */
  async start(
    args: Pick<ArgsInput<'stream.start'>, 'class' | 'temperature' | 'guidance' | 'density' | 'level'>,
  ): Promise<void> {
    if (this.state !== 'off') return;
    player.wake();
    this.state = 'starting';
    [this.seconds, this.gaps, this.label] = [0, 0, null];
    const leave = new AbortController();
    this.#leave = leave;
    this.#told = { ...args };
    const watch = setInterval(() => {
      this.seconds = this.#playing?.at ?? 0;
      this.gaps = this.#playing?.gaps ?? 0;
    }, 250);
    try {
      await link.call(
        'stream.start',
        { ...args, format: 's16', revise: true },
        { signal: leave.signal, onEvent: (event, data) => this.#hear(event, data) },
      );
    } catch (error) {
      notices.fail('The endless sound has ended', error);
    } finally {
      clearInterval(watch);
      this.#playing?.stop(0.2);
      this.#forget();
    }
  }

  change(change: Change): void {
    if (this.state === 'off') return;
    const isNew = ([name, value]: [string, unknown]): boolean =>
      JSON.stringify(value) !== JSON.stringify(this.#told[name as keyof Change]);
    const news = Object.fromEntries(Object.entries(change).filter(isNew));
    if (Object.keys(news).length === 0) return;
    Object.assign(this.#told, news);
    Object.assign(this.#waiting, news);
    if (this.#timer === null) void this.#send();
  }

  /** Saves what sounded last. */
  async keep(seconds: number): Promise<EventData<'stream.keep', 'done'> | null> {
    if (this.#id === null) return null;
    try {
      return await link.call('stream.keep', { stream: this.#id, seconds });
    } catch (error) {
      notices.fail('Could not keep it', error);
      return null;
    }
  }

  stop(): void {
    // What is on its way need not be heard.
    this.#playing?.stop(0.2);
    if (this.#id === null) this.#leave?.abort();
    else link.call('stream.stop', { stream: this.#id }).catch(() => this.#leave?.abort());
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'accepted') {
      const { stream, rate, class: label } = data as EventData<'stream.start', 'accepted'>;
      this.#id = stream;
      this.label = label;
      this.#playing = player.begin({ rate, total: null, fade: 0.05 });
      // Escape stops all that sounds: this, too.
      void this.#send();
      void this.#playing.over.then(() => this.state !== 'off' && this.#id === stream && this.stop());
    } else if (event === 'audio') {
      const { offset, pcm, format } = data as EventData<'stream.start', 'audio'>;
      this.state = 'playing';
      this.#playing?.push(offset, decodePcm(pcm, format));
    } else if (event === 'changed') {
      const { class: label } = data as EventData<'stream.start', 'changed'>;
      if (label !== undefined) this.label = label;
    }
  }

  async #send(): Promise<void> {
    // Not accepted yet: then.
    if (this.#id === null) return;
    const change = this.#waiting;
    this.#waiting = {};
    if (Object.keys(change).length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#send();
    }, EACH_MS);
    try {
      await link.call('stream.set', { stream: this.#id, ...change });
    } catch (error) {
      notices.fail('Could not change it', error);
    }
  }

  #forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = {};
    this.#id = null;
    this.#playing = null;
    this.#leave = null;
    this.state = 'off';
  }
}

export const endless = new Endless();
