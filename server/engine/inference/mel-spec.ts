import { z } from 'zod';
import type { MelSpec } from '../dsp/mel.ts';

const size = z
  .int()
  .min(1)
  .max(1 << 20);
const hertz = z.number().min(0);

const schema = z
  .looseObject({
    audio: z.looseObject({ rate: size }),
    mel: z.looseObject({
      nFft: z
        .int()
        .min(2)
        .max(65_536)
        .refine((nFft) => (nFft & (nFft - 1)) === 0, 'expected a power of two'),
      window: z.int().optional(),
      hop: size,
      bins: size,
      fMin: hertz,
      fMax: hertz,
      frames: size,
      floor: z.number().min(0),
    }),
  })
  .refine(({ mel: { window, nFft } }) => window === undefined || window === nFft, {
    path: ['mel', 'window'],
    error: 'expected the same as nFft',
  })
  .refine(({ mel: { hop, nFft } }) => hop <= nFft, { path: ['mel', 'hop'], error: 'expected nFft or less' });

/** How a card says that its mel is made, and the frames of a clip; or what is wrong with it. */
export function melSpecOf(card: unknown): { spec: MelSpec & { frames: number } } | { problem: string } {
  const parsed = schema.safeParse(card);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `card.json: ${issue?.path.join('.')}: ${issue?.message}` };
  }
  const { audio, mel } = parsed.data;
  const { nFft, hop, bins, fMin, fMax, floor, frames } = mel;
  return { spec: { rate: audio.rate, nFft, hop, bins, fMin, fMax, floor, frames } };
}
