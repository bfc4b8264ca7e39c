import type { EndlessPlan } from './endless-plan.ts';
import type { RenderOrder } from './renderer.ts';
import type { Voice } from './voice.ts';

/** Rows begin..end of a clip that is played while it is sampled; rendered once `known` rows are sampled. */
export interface LivePart {
  begin: number;
  end: number;
  known: number;
}

/** Rows of the first parts: each lasts longer than the next one takes to make, where a part of one row is made at all in its time. */
const FIRST = [1, 2, 4];

/**
 * Splits a clip into parts that are rendered at the pace of playback. They cost more than the segments of a clip,
 * since each is rendered with all the context that it depends on, but none waits for the last row.
 */
export function livePartsOf({ chunk, behind }: EndlessPlan, rows: number): LivePart[] {
  const parts: LivePart[] = [];
  for (let begin = 0; begin < rows; ) {
    const end = Math.min(rows, begin + Math.min(chunk, FIRST[parts.length] ?? chunk));
    parts.push({ begin, end, known: Math.min(rows, end + behind) });
    begin = end;
  }
  return parts;
}

/** The frames of a part, with those around it that its sound depends on, and the samples of the clip that it is. */
export function spanOfPart(
  { axes, card }: Pick<Voice, 'axes' | 'card'>,
  { each, around }: EndlessPlan,
  { begin, end, known }: LivePart,
): { span: NonNullable<RenderOrder['span']>; offset: number; samples: number } {
  const { mel, audio } = card;
  const first = begin * each;
  // The clip ends with its last frame twice, and within it.
  const last = end === axes.rows ? mel.frames + 1 : end * each;
  const offset = first * mel.hop;
  return {
    span: {
      begin: first,
      end: last,
      times: known,
      shapeFrom: Math.max(0, first - around),
      shapeTo: last + around,
      from: 0,
    },
    offset,
    samples: Math.min(audio.samples, last * mel.hop) - offset,
  };
}
