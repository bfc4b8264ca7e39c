import type { FileSettings } from '../../protocol/index.ts';
import type { Mark } from '../audio/marks.ts';
import { type Provenance, provenanceOf } from '../audio/provenance.ts';
import { decodeWav } from '../audio/wav.ts';
import type { RenderedFile } from './file.ts';
import type { FileRenderer } from './render-thread.ts';
import type { RenderedStem } from './stem.ts';

/** Seconds by which the sum grows. */
const GROWTH = 30;

/** Makes the file of one clip. */
type MakeFile = (clip: string, settings: FileSettings) => Promise<Pick<RenderedFile, 'bytes' | 'placed'>>;

/** The sum of placed files on one timeline; each is made, added and forgotten. */
export class StemMix {
  readonly #make: MakeFile;
  readonly #renderer: FileRenderer;
  readonly #settings: Omit<FileSettings, 'at'>;
  readonly #facts: { title: string; software: string };
  readonly #marks: Mark[] = [];
  #pcm = new Float32Array(0);
  #frames = 0;
  /** Frame of the timeline where the sum begins. */
  #begin: number;
  #clips = 0;
  #made: Provenance | null = null;

  /** @param start seconds of the timeline; no file begins before it */
  constructor(
    make: MakeFile,
    renderer: FileRenderer,
    {
      settings,
      start,
      ...facts
    }: { settings: Omit<FileSettings, 'at'>; start: number; title: string; software: string },
  ) {
    this.#make = make;
    this.#renderer = renderer;
    this.#settings = settings;
    this.#facts = facts;
    this.#begin = Math.round(start * settings.rate);
  }

  /** Adds a clip with its onset at a time of the timeline. */
  async add(clip: string, { at, length, name }: { at: number; length?: number; name: string }): Promise<void> {
    const long = length === undefined ? {} : { length };
    const mono = { format: 'wav', bits: 32, channels: 1, pan: 0 } as const;
    const { bytes, placed } = await this.#make(clip, { ...this.#settings, ...mono, ...long, at });
    const { pcm, info } = decodeWav(bytes);
    const made = provenanceOf(info.comment);
    // One edited recording makes the mix one.
    if (made !== null && (this.#made === null || made.sourceType !== 'trainedAlgorithmicMedia')) this.#made = made;
    const first = Math.max(0, Math.round(placed!.start * this.#settings.rate) - this.#begin);
    this.#grow(first + pcm.length);
    for (let i = 0; i < pcm.length; i++) this.#pcm[first + i]! += pcm[i]!;
    const onset = first + Math.round(placed!.onset * this.#settings.rate);
    this.#marks.push({ at: onset, name: name.normalize('NFKD').replace(/[^ -~]/g, '') || 'cue' });
    this.#clips += 1;
  }

  async render(): Promise<RenderedStem & { start: number }> {
    const { timeReference } = this.#settings;
    const { title, software } = this.#facts;
    const clips = this.#clips;
    const made = this.#made && { ...this.#made, statement: mixed(this.#made) };
    this.#marks.sort((a, b) => a.at - b.at);
    const facts = { title, software, created: Date.now(), timeReference: timeReference + this.#begin, clips, made };
    const pcm = this.#pcm.slice(0, this.#frames);
    this.#pcm = new Float32Array(0);
    const stem = await this.#renderer.stem(pcm, { ...facts, marks: this.#marks }, this.#settings);
    return { ...stem, start: this.#begin / this.#settings.rate };
  }

  #grow(frames: number): void {
    this.#frames = Math.max(this.#frames, frames);
    if (frames <= this.#pcm.length) return;
    const grown = new Float32Array(frames + GROWTH * this.#settings.rate);
    grown.set(this.#pcm);
    this.#pcm = grown;
  }
}

/** What a clip states of itself, said of many. */
function mixed({ statement }: Provenance): string {
  return statement.replace(/ with seed \d+$/, '').replace(/^/, 'mix of clips ');
}
