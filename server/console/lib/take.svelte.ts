import { decodePcm } from '../../../protocol/codecs/pcm.ts';
import type { EventData } from '../../../protocol/commands/index.ts';
import { type GridShape, goesAlongTime } from './code-grid.ts';
import { onNextFrame } from './frames.ts';
import { GrowingMel } from './growing-mel.ts';
import { labelOf, type Making } from './making.ts';
import { type Playing, player } from './player.svelte.ts';
import type { Sound } from './sounds.ts';
import { type Mel, melOf } from './spectrogram.ts';
import type { Card } from './voices.svelte.ts';

/** `lost`: the server was started anew and knows the job no more. */
export type TakeState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'lost';

/** A press that a take answers. */
export interface Press {
  since: number;
  gain: number;
}

interface Receiving {
  pcm: Float32Array;
  filled: number;
  mel: GrowingMel;
}

/** One clip on its way, or made since the page was opened. */
export class Take {
  readonly key: number;
  readonly making: Making;
  readonly index: number;
  state = $state<TakeState>('waiting');
  job = $state<string | null>(null);
  clip = $state<string | null>(null);
  starred = $state(false);
  label = $state<string | Record<string, number> | null>(null);
  seed = $state<number | null>(null);
  seconds = $state(0);
  totalMs = $state(0);
  problem = $state('');
  shape = $state.raw<GridShape | null>(null);
  /** Grids so far: a longer clip has several, one after the other. */
  grids = $state(0);
  /** Rows of this grid that are there; `codes` has them. */
  rowsDone = $state(0);
  codes: (readonly number[])[] = [];
  mel = $state.raw<Mel | null>(null);
  /** Frames of the mel when all of it is there. */
  frames = $state(0);
  /** Times that the mel was drawn. */
  steps = $state(0);
  sound = $state.raw<Sound | null>(null);
  #card: Card | null = null;
  #receiving: Receiving | null = null;
  #playing: Playing | null = null;
  #press: Press | null = null;
  /** Counts mels that were asked for: an earlier one may come later. */
  #asked = 0;

  constructor(key: number, making: Making, index: number) {
    this.key = key;
    this.making = making;
    this.index = index;
    this.label = labelOf(making);
  }

  get isOver(): boolean {
    return this.state !== 'waiting' && this.state !== 'running';
  }

  /** Sounds as soon as its first samples come. */
  playWhenReady(press: Press): void {
    this.#press = press;
  }

  use(card: Card): void {
    this.#card = card;
    this.shape = card.grid;
    this.frames = Math.round(card.audio.samples / card.mel.hop);
  }

  row({ row, rows, codes }: EventData<'foley.generate', 'row'>): void {
    if (row === 0) {
      this.codes = [];
      this.grids += 1;
    }
    this.codes[row] = codes;
    if (this.shape !== null && this.shape.rows !== rows) this.shape = { ...this.shape, rows };
    // Rows of several takes come between two frames; what is seen of them changes once.
    onNextFrame(this, () => {
      if (this.state === 'waiting') this.state = 'running';
      this.rowsDone = this.codes.length;
    });
  }

  preview({ pcm, format, rate }: EventData<'foley.generate', 'preview'>): void {
    void this.#draw(melOf(decodePcm(pcm, format).slice(), rate, this.#card?.mel));
  }

  audio({ offset, total, rate, format, pcm }: EventData<'foley.generate', 'audio'>): void {
    const samples = decodePcm(pcm, format);
    if (this.#receiving === null || this.#receiving.pcm.length !== total) {
      const whole = new Float32Array(total);
      this.#receiving = { pcm: whole, filled: 0, mel: new GrowingMel(whole, rate, this.#card?.mel) };
    }
    const receiving = this.#receiving;
    receiving.pcm.set(samples, offset);
    receiving.filled = offset + samples.length;
    if (this.#press !== null && offset === 0) {
      this.#playing = player.begin({ rate, total, ...this.#press });
      this.#press = null;
    }
    this.#playing?.push(offset, samples);
    const isWhole = receiving.filled === total;
    // Rows along time: the sound is drawn as far as it is there. Codebook by codebook, previews of all of it are.
    if (isWhole || (this.shape !== null && goesAlongTime(this.shape)))
      void this.#draw(receiving.mel.upTo(receiving.filled));
    if (!isWhole) return;
    this.sound = { pcm: receiving.pcm, rate };
    this.#receiving = null;
    this.#playing = null;
  }

  done({ clip, seed }: EventData<'foley.generate', 'done'>['clips'][number], seconds: number, totalMs: number): void {
    [this.clip, this.seed, this.seconds, this.totalMs] = [clip, seed, seconds, totalMs];
    this.state = 'done';
  }

  /** It will not be finished. What sounds of it ends. */
  fail(state: 'failed' | 'cancelled' | 'lost', problem: string): void {
    [this.state, this.problem] = [state, problem];
    this.#playing?.stop();
    this.#playing = null;
    this.#receiving = null;
  }

  async #draw(coming: Promise<Mel | null>): Promise<void> {
    const order = ++this.#asked;
    const mel = await coming;
    if (mel === null || order !== this.#asked) return;
    this.frames = this.sound === null ? Math.max(this.frames, mel.frames) : mel.frames;
    this.mel = mel;
    this.steps += 1;
  }
}
