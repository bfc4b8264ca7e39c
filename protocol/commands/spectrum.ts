import { z } from 'zod';
import { limits } from '../limits.ts';
import { name } from './fields.ts';
import { entriesOf, pairFrom } from './number-list.ts';

/** The long-term average spectrum that a clip shall follow, in one of two forms. */

const point = z.strictObject({
  hz: z.number().min(1).max(limits.rateMax).meta({ unit: 'Hz' }),
  level: z.number().min(-200).max(200).describe('against the other points').meta({ unit: 'dB' }),
});

export const spectrum = z
  .strictObject({
    points: z
      .array(point)
      .min(1)
      .max(limits.spectrumPoints)
      .refine((points) => points.every(({ hz }, i) => i === 0 || hz > points[i - 1]!.hz), 'expected rising frequencies')
      .optional()
      .describe(
        'breakpoints joined by straight lines over the logarithm of frequency; the first and last levels hold below and above',
      ),
    clip: name.optional().describe('or the id of a saved clip whose average spectrum is followed'),
  })
  .refine(({ points, clip }) => (points === undefined) !== (clip === undefined), 'expected one of points, clip');

export type SpectrumArg = z.output<typeof spectrum>;

/**
 * Reads the one-word forms of a spectrum: the id of a saved clip, or corners in Hz and dB, `100:-20,1000:0,8000:-40`. A
 * list that has something else among its corners stays a list, for the server to name the place.
 */
export function spectrumFromText(text: string): unknown {
  const parts = entriesOf(text);
  if (parts.length === 1 && !text.includes(':')) return { clip: text };
  return { points: parts.map((part) => pairFrom(part, ['hz', 'level'])) };
}
