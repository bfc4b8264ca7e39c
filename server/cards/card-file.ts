import { z } from 'zod';

/** A plain file of the voice's own folder: no path leaves it. */
export const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A file that a card describes: its name, hash and size. */
export const cardFileSchema = z.looseObject({
  file: z.string().regex(SAFE_NAME),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z
    .int()
    .min(1)
    .max(2 ** 31),
});

export type CardFile = z.infer<typeof cardFileSchema>;
