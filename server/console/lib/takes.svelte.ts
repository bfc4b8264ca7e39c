import { decodePcm } from '../../../protocol/codecs/pcm.ts';
import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import type { GridShape } from './code-grid.ts';
import { link, notices } from './link.svelte.ts';
import { type Playing, player } from './player.svelte.ts';
import { type Mel, melOf } from './spectrogram.ts';
import { type Card, voices } from './voices.svelte.ts';

/** The commands that make takes, with their arguments. */
export type Making =
  | { cmd: 'foley.generate'; args: ArgsInput<'foley.generate'> }
  | { cmd: 'foley.vary'; args: ArgsInput<'foley.vary'> }
  | { cmd: 'foley.branch'; args: ArgsInput<'foley.branch'> };

/** `lost`: the server was started anew and knows the job no more. */
export type TakeState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'lost';

export interface Sound {
  pcm: Float32Array;
  rate: number;
}

/** One clip on its way, or made since the page was opened. */
export class Take {
  readonly key: number;
  readonly making: Making;
  readonly index: number;
  state = $state<TakeState>('waiting');
  job = $state<string | null>(null);
  clip = $state<string | null>(null);
  name = $state('');
  starred = $state(false);
  label = $state<string | Record<string, number> | null>(null);
  voice = $state<string | null>(null);
  seed = $state<number | null>(null);
  score = $state<number | null>(null);
  seconds = $state(0);
  totalMs = $state(0);
  problem = $state('');
  shape = $state.raw<GridShape | null>(null);
  /** Rows of this piece that are there; `codes` has them. */
  rowsDone = $state(0);
  codes: (readonly number[])[] = [];
  mel = $state.raw<Mel | null>(null);
  /** Frames of the mel when all of it is there. */
  frames = $state(0);
  /** Previews that were heard of. */
  steps = $state(0);
  sound = $state.raw<Sound | null>(null);
  #card: Card | null = null;
  #received: Float32Array | null = null;
  #playing: Playing | null = null;
  #press: { since: number; gain: number } | null = null;
  /** Counts mels that were asked for: an earlier one may come later. */
  #asked = 0;

  constructor(key: number, making: Making, index: number) {
    this.key = key;
    this.making = making;
    this.index = index;
  }

  get isOver(): boolean {
    return this.state !== 'waiting' && this.state !== 'running';
  }

  /** Sounds as soon as its first samples come. */
  playWhenReady(since: number, gain: number): void {
    this.#press = { since, gain };
  }

  use(card: Card): void {
    this.#card = card;
    this.shape = card.grid;
    this.frames = Math.round(card.audio.samples / card.mel.hop);
  }

  row({ row, rows, codes }: EventData<'foley.generate', 'row'>): void {
    this.state = 'running';
    // A longer clip has several grids, one after the other.
    if (row === 0) this.codes = [];
    this.codes[row] = codes;
    this.rowsDone = row + 1;
    if (this.shape !== null && this.shape.rows !== rows) this.shape = { ...this.shape, rows };
  }

  preview({ pcm, format, rate }: EventData<'foley.generate', 'preview'>): void {
    this.steps += 1;
    void this.#draw(decodePcm(pcm, format), rate);
  }

  audio({ offset, total, rate, format, pcm }: EventData<'foley.generate', 'audio'>): void {
    const samples = decodePcm(pcm, format);
    if (this.#received === null || this.#received.length !== total) this.#received = new Float32Array(total);
    this.#received.set(samples, offset);
    if (this.#press !== null && offset === 0) {
      const { since, gain } = this.#press;
      this.#press = null;
      this.#playing = player.begin({ rate, total, gain, since });
    }
    this.#playing?.push(offset, samples);
    if (offset + samples.length < total) return;
    this.sound = { pcm: this.#received, rate };
    this.#received = null;
    this.#playing = null;
    void this.#draw(this.sound.pcm, rate);
  }

  async #draw(pcm: Float32Array, rate: number): Promise<void> {
    const order = ++this.#asked;
    if (pcm.length < 512) return;
    const mel = await melOf(pcm, rate, this.#card?.mel);
    if (order !== this.#asked) return;
    this.frames = Math.max(this.frames, mel.frames);
    if (this.sound !== null) this.frames = mel.frames;
    this.mel = mel;
  }
}

/** Sounds that are kept in memory; older ones are fetched again when they are wanted. */
const MOST_SOUNDS = 48;
const MOST_TAKES = 400;
const RUNNING_KEY = 'foleyd.running';

interface Order {
  making: Making;
  job: string | null;
  takes: Take[];
}

/** What this page has asked for, newest first. */
class Takes {
  all = $state<Take[]>([]);
  /** Counts takes that ended, so that lists of saved clips ask anew. */
  ended = $state(0);
  readonly #orders = new Set<Order>();
  #count = 0;

  running = $derived(this.all.filter((take) => !take.isOver));

  make(making: Making, press: { since: number; gain: number } | null = null): Take[] {
    const count = making.args.count ?? (making.cmd === 'foley.branch' ? 4 : 1);
    const full = { ...making, args: { save: true, previews: true, ...making.args } } as Making;
    const order: Order = { making: full, job: null, takes: [] };
    for (let index = 0; index < count; index++) order.takes.push(new Take(++this.#count, full, index));
    if (press !== null) order.takes[0]!.playWhenReady(press.since, press.gain);
    for (const take of order.takes) take.label = labelOf(full);
    this.#begin(order);
    return order.takes;
  }

  /** The same once more, with the seed that it had. */
  again(take: Take): void {
    const args = { ...take.making.args, count: 1, ...(take.seed === null ? {} : { seed: take.seed }) };
    this.make({ ...take.making, args } as Making);
  }

  /** Jobs that ran when the page was left. */
  restore(): void {
    try {
      const stored = JSON.parse(sessionStorage.getItem(RUNNING_KEY) ?? '[]') as {
        making: Making;
        job: string;
        count: number;
      }[];
      for (const { making, job, count } of stored) {
        const order: Order = { making, job, takes: [] };
        for (let index = 0; index < count; index++) order.takes.push(new Take(++this.#count, making, index));
        for (const take of order.takes) take.label = labelOf(making);
        this.#begin(order);
      }
    } catch {
      sessionStorage.removeItem(RUNNING_KEY);
    }
  }

  cancel(take: Take): void {
    if (take.job === null) return;
    link.call('foley.cancel', { job: take.job }).catch((error: unknown) => notices.fail('Not cancelled', error));
  }

  /** Takes a take off the page's list; a saved clip stays saved. */
  forget(clip: string): void {
    this.all = this.all.filter((take) => take.clip !== clip);
  }

  #begin(order: Order): void {
    this.#orders.add(order);
    this.all = [...order.takes.toReversed(), ...this.all].slice(0, MOST_TAKES);
    for (const old of this.all.slice(MOST_SOUNDS)) if (old.isOver) old.sound = null;
    void this.#follow(order).finally(() => {
      this.#orders.delete(order);
      this.#remember();
      this.ended += 1;
    });
  }

  async #follow(order: Order): Promise<void> {
    const { making, takes } = order;
    const heard = new Set<string>();
    const onEvent = (event: string, data: Record<string, unknown>): void => {
      if (event === 'accepted') this.#accepted(order, data as EventData<'foley.generate', 'accepted'>);
      const take = takes[Number(data.index)];
      if (take === undefined) return;
      if (event === 'row') {
        take.row(data as EventData<'foley.generate', 'row'>);
        return;
      }
      // A job that is taken up again tells everything again.
      const key = `${event} ${data.index} ${data.offset ?? data.codebooks} ${data.seconds ?? ''}`;
      if (heard.has(key)) return;
      heard.add(key);
      if (event === 'preview') take.preview(data as EventData<'foley.generate', 'preview'>);
      else if (event === 'audio') take.audio(data as EventData<'foley.generate', 'audio'>);
    };
    for (;;) {
      const client = await link.ready();
      try {
        const { job } = order;
        const done =
          job === null
            ? await client.call(making.cmd, { ...making.args, keep: true } as ArgsInput<'foley.generate'>, { onEvent })
            : await client.call('foley.attach', { job }, { onEvent });
        for (const clip of done.clips) {
          const take = takes[clip.index];
          if (take === undefined) continue;
          take.clip = clip.clip;
          take.seed = clip.seed;
          take.score = clip.score ?? null;
          take.seconds = done.seconds;
          take.totalMs = done.timings.totalMs;
          take.state = 'done';
        }
        return;
      } catch (error) {
        const code = error instanceof ProtocolError ? error.code : 'internal';
        if (code === 'connection_closed' || code === 'shutting_down' || code === 'unauthorized') continue;
        // The voice that the pads are of may be another by now.
        if (code === 'unknown_class' || code === 'unknown_voice') void voices.refresh();
        const isGone = order.job !== null && code === 'unknown_job';
        for (const take of takes.filter((one) => !one.isOver)) {
          take.state = code === 'cancelled' ? 'cancelled' : isGone ? 'lost' : 'failed';
          take.problem = isGone
            ? 'The server was started anew before this take was finished. Make it again with the same seed.'
            : (error as Error).message;
        }
        return;
      }
    }
  }

  #accepted(order: Order, { job, seed, voice, class: label, count }: EventData<'foley.generate', 'accepted'>): void {
    order.job = job;
    this.#remember();
    for (const take of order.takes.slice(0, count)) {
      take.job = job;
      take.voice = voice;
      take.label = label;
      take.seed = (seed + take.index) % 2 ** 32;
      void voices.card(voice).then(
        (card) => take.use(card),
        () => undefined,
      );
    }
    if (order.making.cmd === 'foley.generate' && voices.active?.id !== voice) void voices.refresh();
    if (voices.active?.id === voice) for (const take of order.takes) take.use(voices.active);
  }

  #remember(): void {
    const stored = [...this.#orders]
      .filter(({ job }) => job !== null)
      .map(({ making, job, takes: { length } }) => ({ making, job, count: length }));
    try {
      sessionStorage.setItem(RUNNING_KEY, JSON.stringify(stored));
    } catch {
      // Without storage a reload forgets what runs; the takes are saved all the same.
    }
  }
}

function labelOf({ args }: Making): string | Record<string, number> | null {
  const { class: label } = args;
  return label === undefined ? null : typeof label === 'number' ? String(label) : label;
}

export const takes = new Takes();
