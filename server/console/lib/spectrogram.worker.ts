import { LogMel, type MelSpec } from '../../engine/dsp/mel.ts';

export interface MelAsk {
  id: number;
  pcm: Float32Array;
  spec: MelSpec;
  /** Frames at the beginning that are not wanted. */
  skipped: number;
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

/** Of the spectra that were asked for so far: one for each voice and rate. */
const known = new Map<string, LogMel>();

self.onmessage = ({ data: { id, pcm, spec, skipped } }: MessageEvent<MelAsk>) => {
  const key = JSON.stringify(spec);
  const mel = known.get(key) ?? new LogMel(spec);
  known.set(key, mel);
  const { bands, frames } = mel.of(pcm, skipped);
  const levels = Uint8Array.from(bands, (value) =>
    Math.max(0, Math.min(255, Math.round(((value - DARK) / (BRIGHT - DARK)) * 255))),
  );
  self.postMessage({ id, levels, frames, bins: spec.bins } satisfies MelTold, { transfer: [levels.buffer] });
};
