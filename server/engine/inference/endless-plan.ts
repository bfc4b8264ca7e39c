import type { VoiceCard } from '../../cards/voice-card.ts';
import { EngineError } from '../errors.ts';
import { type GridAxes, isTimeMajor } from './code-grid.ts';
import type { CutPlace } from './cut-place.ts';
import { framesPerTime } from './mel-decoder.ts';
import { MAX_FRAMES, SAFE_FRAMES } from './renderer.ts';
import { framesAround, type Reach } from './segments.ts';

/** How an endless grid is sampled and rendered by graphs for `rows` rows. All lengths in rows. */
export interface EndlessPlan {
  /** The end of a window that the next one begins with. */
  prefix: number;
  /** Rendered together: at first, and later at most. */
  first: number;
  chunk: number;
  /** Before and behind a chunk, whose codes its sound depends on. */
  before: number;
  behind: number;
  /** Mel frames of a row, and those around a chunk that are rendered along. */
  each: number;
  around: number;
}

/** Rows of the first part of a stream, and of those after it where that is not more than they may have. */
const FIRST = 3;
const GROWING = [4, 6, 12];

/** Rows of the parts after a cut, which are waited for: the first is soon made, and each lasts longer than the next takes. */
const AFTER_CUT = [1, 1, 2, 4, 6, 12];

/** More of it is a better memory; less is less that is computed again. */
const PREFIX = 1 / 3;

/** Frames that are rendered together at most, where there is time for it: more of them save little. */
const LONGEST_FRAMES = 220;

/** What the plan depends on, of a voice. */
interface PlannedVoice {
  axes: GridAxes;
  card: VoiceCard;
  reach: Reach | null;
}

/**
 * `seconds` are rendered together, as near as may be; without, as many as an early segment has. Throws engine_failed for a
 * voice whose rows are not steps of time.
 */
export function endlessPlanOf({ axes, card, reach }: PlannedVoice, seconds?: number): EndlessPlan {
  if (reach === null || !isTimeMajor({ perRow: axes.perRow, timeOf: axes.timeOfCodes() }) || axes.rows < 3)
    throw new EngineError('engine_failed', 'the rows of the code grid are not steps of time: it cannot be streamed');
  const each = framesPerTime(card);
  const around = framesAround(reach, MAX_FRAMES);
  const formal = Math.ceil((around + Math.min(reach.decoder, card.mel.frames)) / each);
  const behind = Math.min(reach.behind, formal, Math.floor((axes.rows - 1) / 2));
  const within = (frames: number): number => Math.floor((frames - 2 * around) / each);
  const wanted =
    seconds === undefined ? within(MAX_FRAMES) : Math.floor((seconds * card.audio.rate) / (each * card.mel.hop));
  // Nothing between an early segment's length and what two threads share without breaking their sums elsewhere.
  const fits = wanted * each + 2 * around >= SAFE_FRAMES ? within(LONGEST_FRAMES) : within(MAX_FRAMES);
  const chunk = Math.max(1, Math.min(wanted, fits, axes.rows - 2 * behind));
  const before = Math.min(formal, axes.rows - chunk - behind);
  const first = Math.min(FIRST, axes.rows - behind);
  return { prefix: Math.max(1, Math.floor(axes.rows * PREFIX)), first, chunk, before, behind, each, around };
}

/** Rows of part `index` of a stream. The first lasts until others that begin with it have theirs; the next ones grow. */
export function rowsOfStreamPart(index: number, { first, chunk }: Pick<EndlessPlan, 'first' | 'chunk'>): number {
  return index === 0 ? first : Math.min(chunk, GROWING[index - 1] ?? chunk);
}

/** Rows of part `index` after a cut. A cut late in its row is rendered together with the next row. */
export function rowsAfterCut(
  index: number,
  { chunk, each }: Pick<EndlessPlan, 'chunk' | 'each'>,
  { frame }: Pick<CutPlace, 'frame'>,
): number {
  const wanted = index === 0 && 2 * frame >= each ? 2 : (AFTER_CUT[index] ?? chunk);
  return Math.min(chunk, wanted);
}
