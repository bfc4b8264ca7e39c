import { z } from 'zod';
import { DIGITAL_SOURCE_TYPES, sourceTypeOf } from './source-type.ts';

const seconds = z.number().min(0).max(86_400).optional();

const label = z.union([z.string().min(1).max(100), z.record(z.string(), z.number())]);
const weights = z.array(z.number().min(0).max(1)).min(1).max(10_000);

export const recipeSchema = z.looseObject({
  voice: z.string().regex(/^[0-9a-f]{64}$/),
  voiceId: z.string().min(1).max(64),
  class: label,
  classWeights: weights,
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  temperature: z.number().min(0).max(100),
  topK: z.int().min(0),
  topP: z.number().gt(0).max(1),
  // Recipes of older clips have none: nothing guided those.
  guidance: z.number().min(0).max(100).optional(),
  guideFollowed: z.boolean().optional(),
  avoid: label.optional(),
  avoidWeights: weights.optional(),
  /** As a request gives them; whoever makes the clip again checks them. */
  envelope: z.looseObject({}).optional(),
  spectrum: z.looseObject({}).optional(),
  density: z.number().min(0).max(1000).optional(),
  rate: z.int().min(1000).max(768_000),
  version: z.string().max(40).optional(),
  chosen: z.object({ of: z.int().min(1), score: z.number() }).optional(),
  /** What was done to its sound: arguments of the same names do it again. */
  shape: z
    .object({
      trim: seconds,
      length: seconds,
      exact: z.boolean().optional(),
      reverse: z.boolean().optional(),
      fadeIn: seconds,
      fadeOut: seconds,
      gain: z.number().min(-200).max(200).optional(),
    })
    .optional(),
  /** Of a clip that was cut from a stream: class and seed alone do not make it again. */
  stream: z.looseObject({ offset: z.int().min(0), args: z.looseObject({}) }).optional(),
  /** Of a clip made from another: class and seed alone do not make it again. */
  lineage: z.looseObject({ how: z.string().max(40) }).optional(),
});

/**
 * How a clip was made, as it travels inside its WAV: the same voice, class weights, seed and sampling parameters make
 * the same clip again. `voice` is the voice's hash, `classWeights` are in the order of its class ids.
 */
export type Recipe = z.infer<typeof recipeSchema>;

const MARK = 'foleyd ';

/** The text of the comment chunk, which also says that a model made the sound. */
export function writeRecipe(recipe: Recipe): string {
  return MARK + JSON.stringify({ ...recipe, digitalSourceType: DIGITAL_SOURCE_TYPES + sourceTypeOf(recipe) });
}

/** What a sound of this recipe says of itself in a file. */
export function describedAs(recipe: object | undefined): { software: string; comment?: string } {
  const read = recipeSchema.safeParse(recipe).data;
  return { software: 'foleyd', ...(read === undefined ? {} : { comment: writeRecipe(read as Recipe) }) };
}

/** The recipe in a comment, or null where the comment is none of ours or damaged. */
export function readRecipe(comment: string): Recipe | null {
  if (!comment.startsWith(MARK)) return null;
  let json: unknown;
  try {
    json = JSON.parse(comment.slice(MARK.length));
  } catch {
    return null;
  }
  const read = recipeSchema.safeParse(json).data;
  if (read === undefined) return null;
  // It follows from the rest.
  const { digitalSourceType: _, ...recipe } = read;
  return recipe as Recipe;
}
