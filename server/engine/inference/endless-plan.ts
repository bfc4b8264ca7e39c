import { cellUniform } from '../dsp/philox.ts';
import { EngineError } from '../errors.ts';
import { isTimeMajor } from './code-grid.ts';
import { framesPerTime } from './mel-decoder.ts';
import { MOST_FRAMES } from './renderer.ts';
import type { Voice } from './voice.ts';

/** How a grid that goes on for ever is drawn and rendered by graphs for one of `rows` rows. All in rows. */
export interface EndlessPlan {
  /** The end of a window that the next one begins with. */
  prefix: number;
  /** Rendered together; the first alone. */
  chunk: number;
  /** Before and behind a chunk, whose codes its sound depends on. */
  before: number;
  behind: number;
  /** Mel frames of a row, and those around a chunk that are rendered along. */
  each: number;
  around: number;
}

/** More of it is a better memory; less is less that is computed again. */
const PREFIX = 1 / 3;
/** What codes that are left out may change of a sample. */
const NEGLIGIBLE = 1e-5;
const PROBE_SEED = 1;

/** Throws engine_failed for a voice whose rows are not steps of time. */
export async function endlessPlanOf(voice: Voice): Promise<EndlessPlan> {
  const { axes, card, reach } = voice;
  if (reach === null || !isTimeMajor({ perRow: axes.perRow, timeOf: axes.timeOfCodes() }) || axes.rows < 3)
    throw new EngineError('engine_failed', 'the rows of the code grid are not steps of time: it cannot be streamed');
  const each = framesPerTime(card);
  const around = Math.min(reach.excitation + reach.vocoder, Math.floor(MOST_FRAMES / 3));
  const formal = Math.ceil((around + Math.min(reach.decoder, card.mel.frames)) / each);
  const behind = await measureBehind(voice, each, around, Math.min(formal, Math.floor((axes.rows - 1) / 2)));
  const chunk = Math.max(1, Math.min(Math.floor((MOST_FRAMES - 2 * around) / each), axes.rows - 2 * behind));
  const before = Math.min(formal, axes.rows - chunk - behind);
  return { prefix: Math.max(1, Math.floor(axes.rows * PREFIX)), chunk, before, behind, each, around };
}

/**
 * Rows behind a chunk that its sound depends on. What the graphs reach is far more than what is heard of it: measured on
 * codes drawn at random, as the first number of rows that leaves the sound as `most` of them make it.
 */
async function measureBehind(voice: Voice, each: number, around: number, most: number): Promise<number> {
  const { axes, card } = voice;
  const codes = Uint16Array.from({ length: axes.rows * axes.perRow }, (_, cell) =>
    Math.floor(cellUniform(PROBE_SEED, cell) * card.latent.codes),
  );
  const row = axes.rows - 1 - most;
  const [begin, end] = [row * each, (row + 1) * each];
  const sound = async (behind: number): Promise<Float32Array> => {
    const span = { begin, end, times: row + 1 + behind, shapeFrom: Math.max(0, begin - around), shapeTo: end + around };
    return (await voice.render({ codes, seed: PROBE_SEED, span: { ...span, from: 0 } })).pcm;
  };
  const whole = await sound(most);
  for (let behind = Math.ceil(card.vocoder.reach / each); behind < most; behind++) {
    const part = await sound(behind);
    if (part.every((sample, i) => Math.abs(sample - whole[i]!) <= NEGLIGIBLE)) return behind;
  }
  return most;
}
