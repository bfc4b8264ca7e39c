import { z } from 'zod';
import { limits } from '../limits.ts';
import { bin } from './define.ts';
import { pcmFormat } from './fields.ts';

/** A sound that a request brings with it. */
export const recordingArgs = {
  recording: z
    .union([z.string().max(limits.frameBytes), bin('bytes')])
    .optional()
    .describe('or a recording: a WAV file or raw mono samples; bytes in msgpack, base64 in JSON and OSC'),
  recordingRate: z
    .int()
    .min(4000)
    .max(384_000)
    .optional()
    .describe('of raw samples')
    .meta({ unit: 'Hz', fallback: 'read from the WAV header' }),
  recordingFormat: pcmFormat.default('s16').describe('of raw samples'),
};
