import { z } from 'zod';
import { ProtocolError } from '../../protocol/index.ts';
import { GridAxes, gridProblem } from '../engine/inference/code-grid.ts';

const size = z
  .int()
  .min(1)
  .max(1 << 20);
const axis = z.enum(['codebook', 'frequency', 'time']);
const cardSchema = z.looseObject({
  audio: z.looseObject({ rate: size, samples: z.int().min(1) }),
  mel: z.looseObject({ hop: size, frames: size }),
  latent: z.looseObject({ codebooks: size, codes: z.int().min(2).max(65_535), frequency: size, time: size }),
  grid: z.looseObject({
    rows: size,
    cols: size,
    rowAxes: z.array(axis),
    colAxes: z.array(axis),
    depthAxes: z.array(axis).optional(),
  }),
});

/** The grid of a voice, as its card says: nothing assumes which axis lies where. */
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

/** Throws voice_corrupt. */
export function gridOf(card: unknown): Grid {
  const parsed = cardSchema.safeParse(card);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProtocolError('voice_corrupt', `the voice's card: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { audio, mel, latent, grid } = parsed.data;
  const problem = gridProblem(latent, grid);
  if (problem !== null) throw new ProtocolError('voice_corrupt', `the voice's card: grid: ${problem}`);
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
