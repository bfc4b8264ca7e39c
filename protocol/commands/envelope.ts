import { z } from 'zod';
import { limits } from '../limits.ts';
import { name } from './fields.ts';
import { entriesOf, numberFrom, pairFrom } from './number-list.ts';
import { recordingArgs } from './recording.ts';

/** The loudness that a clip shall follow: levels in dB (full scale is 0) over time, in one of several forms. */

const level = z.number().min(limits.levelMin).max(0).meta({ unit: 'dB' });
const seconds = z.number().min(0).max(limits.seconds).meta({ unit: 's' });

const cue = z.strictObject({
  at: seconds.describe('when the event begins'),
  level: level.default(-9).describe('its peak level'),
  length: seconds.gt(0).default(0.3).describe('time in which it decays by 60 dB'),
});

const shapes = {
  levels: z.array(level).min(1).max(limits.entries).optional().describe('levels at equal distances'),
  rate: z
    .number()
    .min(0.1)
    .max(1000)
    .optional()
    .describe('of `levels`, per second')
    .meta({ fallback: 'one per mel frame of the voice' }),
  points: z
    .array(z.strictObject({ at: seconds, level }))
    .min(1)
    .max(limits.envelopePoints)
    .refine((points) => points.every(({ at }, i) => i === 0 || at >= points[i - 1]!.at), 'expected rising times')
    .optional()
    .describe('or breakpoints joined by straight lines; the first and last levels hold before and after'),
  cues: z
    .array(cue)
    .min(1)
    .max(limits.envelopePoints)
    .optional()
    .describe('or events, each with a sharp attack and an exponential decay; where they overlap the loudest counts'),
  clip: name.optional().describe('or the id of a saved clip whose loudness is followed'),
};
const gain = z.number().min(-60).max(60).default(0).describe('added to every level').meta({ unit: 'dB' });
const { recording, recordingRate, recordingFormat } = recordingArgs;

type Shapes = { [K in keyof typeof shapes | 'recording' | 'recordingRate' | 'recordingFormat']?: unknown };

function oneOf(...forms: (keyof Shapes)[]) {
  const is = (one: Shapes): boolean => forms.filter((form) => one[form] !== undefined).length === 1;
  return [is, `expected one of ${forms.join(', ')}`] as const;
}

const belongs = [
  ({ rate, levels }: Shapes): boolean => rate === undefined || levels !== undefined,
  '`rate` belongs to `levels`',
] as const;

/** Of a line of a sheet, or a cue: without a sound of its own. */
export const envelope = z
  .strictObject({ ...shapes, gain })
  .refine(...oneOf('levels', 'points', 'cues', 'clip'))
  .refine(...belongs);

/** Of a request. */
export const requestEnvelope = z
  .strictObject({
    ...shapes,
    recording: recording.describe(
      'or a recording whose loudness is followed (a beatbox, taps on a desk, the production sound): a WAV file or raw mono samples; bytes in msgpack, base64 in JSON',
    ),
    recordingRate,
    recordingFormat: recordingFormat.removeDefault().optional().describe('of raw samples').meta({ fallback: '`s16`' }),
    gain,
  })
  .refine(...oneOf('levels', 'points', 'cues', 'clip', 'recording'))
  .refine(...belongs)
  .refine(
    (one) => one.recording !== undefined || (one.recordingRate === undefined && one.recordingFormat === undefined),
    '`recordingRate` and `recordingFormat` belong to `recording`',
  );

export type EnvelopeArg = z.output<typeof requestEnvelope>;

/**
 * Reads the one-word forms of an envelope: the id of a saved clip, times of events, `0.2,0.9,1.6`, or corners,
 * `0:-60,0.5:-9,2:-60`. A list that has something else among its numbers stays a list, for the server to name the place.
 */
export function envelopeFromText(text: string): unknown {
  if (/^[0-9a-f]{16}$/.test(text)) return { clip: text };
  const parts = entriesOf(text);
  if (text.includes(':')) return { points: parts.map((part) => pairFrom(part, ['at', 'level'])) };
  if (parts.length > 1 || typeof numberFrom(parts[0]!) === 'number')
    return { cues: parts.map((part) => ({ at: numberFrom(part) })) };
  return { clip: text };
}
