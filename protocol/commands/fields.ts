import { z } from 'zod';
import { isDeviceName, isFileName } from '../file-name.ts';
import { limits } from '../limits.ts';
import { isPrintable } from '../printable.ts';

/** Arguments and event fields that more than one command declares. */

const decimalSeed = z
  .string()
  .regex(/^[0-9]{1,10}$/, `expected a whole number from 0 to ${limits.seedMax}`)
  .transform(Number)
  .pipe(z.int().max(limits.seedMax, `expected a whole number from 0 to ${limits.seedMax}`));

/** A seed: uint32 as a number, or as a decimal string for languages without unsigned or 64-bit integers. */
export const seed = z.union([z.int().min(0).max(limits.seedMax), decimalSeed]);

export const seedNumber = z.int().min(0).max(limits.seedMax);

const UNPRINTABLE_TEXT = 'expected no control characters, line separators or marks that turn the direction of text';

/** One line of text that people read: control characters could drive a terminal or hide what follows. */
export const plainText = z.string().max(limits.nameChars).refine(isPrintable, UNPRINTABLE_TEXT);

export const name = plainText.min(1);

/** Several lines of it. */
export const plainLines = (most: number) =>
  z
    .string()
    .max(most)
    .refine((text) => isPrintable(text.replace(/\r?\n|\t/g, ' ')), UNPRINTABLE_TEXT);

/** The name of a folder that the server makes: letters, digits, - and _. */
export const folderName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'expected letters, digits, - and _')
  .refine((text) => !isDeviceName(text), 'Windows reserves this name for a device; choose another');

/** A class as training makes it: it becomes a folder too. */
export const newClass = name.refine(
  (text) => text.trim() === text && !/^[.-]/.test(text) && isFileName(text),
  'expected a name without / \\ : * ? " < > |, that does not end with a dot and is not a device name of Windows',
);

/** Weights of classes by name; finite and above 0. They are normalised later, so only their proportions matter. */
export const mix = z
  .record(name, z.number().positive())
  .refine((weights) => Object.keys(weights).length >= 1, 'expected at least one class')
  .refine(
    (weights) => Object.keys(weights).length <= limits.mixClasses,
    `expected at most ${limits.mixClasses} classes`,
  );

/** A class by name (case does not matter), by id, or a mix of classes. */
export const classArg = z.union([name, z.int().min(0).max(65_535), mix]);

export type ClassArg = z.output<typeof classArg>;

/** Of an answer. */
export const understood = z
  .array(
    z.object({
      name: z.string().describe('name as it was given'),
      class: z.string().describe("the class, in the voice's spelling"),
    }),
  )
  .optional()
  .describe(
    'names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System, or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none',
  );
export type Understood = NonNullable<z.output<typeof understood>>[number];

/** How strongly the class steers each code, and what it leads away from, wherever codes are sampled. */
export const guidanceArgs = {
  guidance: z
    .number()
    .min(0)
    .max(limits.guidanceMax)
    .optional()
    .describe(
      'classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to twice as much',
    )
    .meta({ fallback: "the voice's default for the class" }),
  avoid: classArg
    .optional()
    .describe('class or mix of classes that guidance steers away from, in the form of `class`')
    .meta({ fallback: 'no class; an equal mix of all classes if the voice was not trained without class labels' }),
};

/** How many events a sound has. */
export const density = z
  .number()
  .min(0)
  .max(limits.densityMax)
  .optional()
  .describe(
    'events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not with `envelope`; only for voices that draw contours (`voice.info`)',
  )
  .meta({ unit: '1/s', fallback: 'as many as a recording of the class has' });

/** How many clips the one that is handed over is chosen from. */
export const candidates = z
  .int()
  .min(1)
  .max(limits.candidates)
  .default(1)
  .describe(
    "generate this many and return the best according to the voice's own embedder: most likely of its class and most like a real clip, neither silent nor late nor similar to the others; costs as much as that many clips",
  );

/** Refuses an envelope beside a density, of one cue or one row: both say when there are events. */
export const notBothOfEvents = {
  holds: ({ density: events = 0, envelope }: { density?: number | undefined; envelope?: unknown }): boolean =>
    events === 0 || envelope === undefined,
  error: { error: 'envelope says when there are events; expected one of the two', path: ['density'] },
};

/** Samples on the wire: float32 or signed 16-bit, little-endian. */
export const pcmFormat = z.enum(['f32', 's16']);

export type PcmFormat = z.output<typeof pcmFormat>;

export const requestId = z.string().min(1).max(limits.idChars);

/** Reads the one-word form of a mix, `DogBark:0.7+Rain:0.3`; any other text is a class name. */
export function classFromText(text: string): ClassArg {
  const parts = text.split('+').map((part) => /^([^:]+):([0-9]+(?:\.[0-9]+)?|\.[0-9]+)$/.exec(part));
  if (parts.some((part) => part === null)) return text;
  return Object.fromEntries(parts.map((part) => [part?.[1] ?? '', Number(part?.[2])]));
}
