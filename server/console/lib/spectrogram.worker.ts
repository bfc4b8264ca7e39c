import { logMel, type MelSpec } from '../../engine/dsp/mel.ts';

export interface MelAsk {
  id: number;
  pcm: Float32Array;
  spec: MelSpec;
}

export interface MelTold {
  id: number;
  /** [bins, frames], 0 is silence and 255 loud; row 0 is the lowest. */
  levels: Uint8Array;
  frames: number;
  bins: number;
}

/** Natural logarithms of magnitude that are drawn darkest and brightest. */
const [DARK, BRIGHT] = [-9.5, 1.2];

self.onmessage = ({ data: { id, pcm, spec } }: MessageEvent<MelAsk>) => {
  const { bands, frames } = logMel(pcm, spec);
  const levels = Uint8Array.from(bands, (value) =>
    Math.max(0, Math.min(255, Math.round(((value - DARK) / (BRIGHT - DARK)) * 255))),
  );
  self.postMessage({ id, levels, frames, bins: spec.bins } satisfies MelTold, { transfer: [levels.buffer] });
};
