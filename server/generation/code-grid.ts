import type { VoiceCard } from '../cards/voice-card.ts';
import { GridAxes } from '../engine/inference/code-grid.ts';

/** Layout of a voice's code grid, from its card: which axis is time, which frequency. */
export interface Grid {
  rows: number;
  /** Codes of a row. */
  perRow: number;
  /** Codes of one codebook. */
  codes: number;
  codebooks: number;
  /** Places in time. */
  times: number;
  /** Seconds of a clip, and of one place in time. */
  seconds: number;
  columnSeconds: number;
  /** Codebook of each code, raster order. */
  codebookOf: Uint32Array;
  /** Band and place in time of each code, raster order. */
  frequencyOf: Uint32Array;
  timeOf: Uint32Array;
}

export function gridOf({ audio, mel, latent, grid }: VoiceCard): Grid {
  const places = new GridAxes({ latent, grid });
  return {
    rows: places.rows,
    perRow: places.perRow,
    codes: latent.codes,
    codebooks: latent.codebooks,
    times: latent.time,
    seconds: audio.samples / audio.rate,
    // A last place may lie half beyond the end: then the mel was padded to hold it.
    columnSeconds: (Math.ceil(mel.frames / latent.time) * mel.hop) / audio.rate,
    codebookOf: places.codebookOfCodes(),
    frequencyOf: places.frequencyOfCodes(),
    timeOf: places.timeOfCodes(),
  };
}
