/** Seconds at the end of a streamed sound that may still be replaced: as far as it may be generated ahead. */
export const REPLACED_SECONDS = 11;

/** Ring buffer with the latest frames of a sound that is played while it is generated. Frames count from its beginning. */
export class GrowingBuffer {
  readonly ring: Float32Array;
  /** On underrun: false ends the voice with a fade, true lets it wait for more. */
  readonly waits: boolean;
  /** Frames received. */
  known = 0;
  /** No more will follow. */
  ended = false;

  constructor(frames: number, waits: boolean) {
    this.ring = new Float32Array(Math.max(1, frames));
    this.waits = waits;
  }

  /** Replaces everything from frame `from` on. */
  add(pcm: Float32Array, last: boolean, from = this.known): void {
    const { ring } = this;
    this.known = from;
    for (let i = 0; i < pcm.length; i++) ring[(this.known + i) % ring.length] = pcm[i]!;
    this.known += pcm.length;
    this.ended ||= last;
  }

  /** The sample at a frame; 0 where it has not come yet. */
  at(frame: number): number {
    return frame < this.known && frame >= 0 ? this.ring[frame % this.ring.length]! : 0;
  }

  /** The first frame that the ring still holds. */
  get oldest(): number {
    return Math.max(0, this.known - this.ring.length);
  }

  /** Where, between two frames, `width` frames are quietest: the frame after them. */
  quietest(from: number, to: number, width: number): number {
    let best = to;
    let least = Number.POSITIVE_INFINITY;
    for (let end = to; end - width >= from; end -= Math.max(1, width >> 1)) {
      let energy = 0;
      for (let i = end - width; i < end; i++) energy += this.at(i) ** 2;
      if (energy < least) [best, least] = [end, energy];
    }
    return best;
  }
}
