import { z } from 'zod';

/** Highest weight of guidance that a request or a card may name. */
export const GUIDANCE_MAX = 8;

const weight = z.number().min(0).max(GUIDANCE_MAX);

/**
 * A card's `sampling`: the guidance of clips that ask for none, for all classes and for single ones by name; `followed`
 * are the classes whose guidance strengthens the loudness contour and the average spectrum that a clip follows, too;
 * `plausible` is the share of the likeliest code's probability below which, by the class alone, guidance chooses no code.
 */
export const samplingSchema = z.looseObject({
  guidance: z
    .looseObject({
      default: weight,
      classes: z.record(z.string(), weight).optional(),
      followed: z.array(z.string()).max(4096).optional(),
      plausible: z.number().min(0).max(1).optional(),
    })
    .optional(),
});

/** What of a card says how its prior is guided. */
export interface GuidedCard {
  classes: readonly { name: string }[];
  sampling?: z.infer<typeof samplingSchema> | undefined;
}

/** Names in a card's table of guidance that are no class of it. */
export function unknownClasses({ classes, sampling }: GuidedCard): string[] {
  const known = new Set(classes.map(({ name }) => name));
  const { classes: guided = {}, followed = [] } = sampling?.guidance ?? {};
  return [...Object.keys(guided), ...followed].filter((name) => !known.has(name));
}

/**
 * Guidance of a clip whose request gives none: the card's for its class (0 without one), for a mix the weighted mean.
 */
export function defaultGuidance({ classes, sampling }: GuidedCard, classWeights: readonly number[]): number {
  const { guidance } = sampling ?? {};
  if (guidance === undefined) return 0;
  const of = (id: number): number => guidance.classes?.[classes[id]?.name ?? ''] ?? guidance.default;
  const only = classWeights.indexOf(1);
  if (only >= 0) return of(only);
  return classWeights.reduce((sum, weight, id) => sum + weight * of(id), 0);
}

/** Whether guidance strengthens what such a clip follows where it does not say: of a mix, what more than half of it does. */
export function defaultGuideFollowed({ classes, sampling }: GuidedCard, classWeights: readonly number[]): boolean {
  const { followed = [] } = sampling?.guidance ?? {};
  const share = (wanted: boolean): number =>
    classWeights.reduce(
      (sum, weight, id) => (followed.includes(classes[id]?.name ?? '') === wanted ? sum + weight : sum),
      0,
    );
  return share(true) > share(false);
}
