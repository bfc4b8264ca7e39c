import type { MelSpec } from '../../engine/dsp/mel.ts';
import { type Mel, melOf, standard } from './spectrogram.ts';

/** The spectrogram of a sound whose samples come one after the other: of each part only the frames that it adds are computed. */
export class GrowingMel {
  readonly #pcm: Float32Array;
  readonly #rate: number;
  readonly #spec: Omit<MelSpec, 'rate'>;
  readonly #levels: Uint8Array;
  readonly #frames: number;
  /** Frames that no later sample changes. */
  #final = 0;

  /** `pcm` is all of the sound; more and more of it is filled. */
  constructor(pcm: Float32Array, rate: number, spec: Omit<MelSpec, 'rate'> = standard) {
    [this.#pcm, this.#rate, this.#spec] = [pcm, rate, spec];
    this.#frames = Math.max(1, Math.floor(pcm.length / spec.hop));
    this.#levels = new Uint8Array(spec.bins * this.#frames);
  }

  /** With the first `filled` samples there. Null where they are too few for a frame. */
  async upTo(filled: number): Promise<Mel | null> {
    const { nFft, hop, bins } = this.#spec;
    if (filled < nFft / 2) return null;
    const pad = (nFft - hop) / 2;
    // The first frames of a cut are mirrored at its beginning: they are computed and left out.
    const skipped = Math.min(this.#final, Math.ceil(pad / hop));
    const from = this.#final;
    const part = this.#pcm.slice((from - skipped) * hop, filled);
    if (filled < this.#pcm.length) this.#final = Math.max(from, Math.floor((filled - nFft + pad) / hop) + 1);
    const { levels, frames } = await melOf(part, this.#rate, this.#spec, skipped);
    const most = Math.min(frames, this.#frames - from);
    for (let bin = 0; bin < bins; bin++)
      this.#levels.set(levels.subarray(bin * frames, bin * frames + most), bin * this.#frames + from);
    return { levels: this.#levels, frames: this.#frames, bins };
  }
}
