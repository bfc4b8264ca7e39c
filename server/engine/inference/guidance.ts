/** The class weights of the branch that guidance leads away from: what is to be avoided, no class, or all alike. */
export function negativeWeights(
  { classes, prior }: { classes: readonly unknown[]; prior: { nullClass?: boolean | undefined } },
  avoid?: readonly number[],
): readonly number[] {
  // A prior that was trained with labels left out knows what no class is; of any other the mean of all comes closest.
  return avoid ?? classes.map(() => (prior.nullClass === true ? 0 : 1 / classes.length));
}

/**
 * Classifier-free guidance: log p(class) + weight * (log p(class) - log p(rest)), up to a constant, since what is drawn
 * does not depend on one. Codes whose p(class) is below `plausible` of the highest are never drawn: where the rest
 * hardly knows a code, the difference of two tails would make it likely. Writes to `out`, which may be none of the inputs.
 */
export function guide(own: Float32Array, rest: Float32Array, weight: number, out: Float32Array, plausible = 0): void {
  const least = plausible > 0 ? highest(own) + Math.log(plausible) : Number.NEGATIVE_INFINITY;
  for (let i = 0; i < out.length; i++)
    out[i] = own[i]! < least ? Number.NEGATIVE_INFINITY : own[i]! + weight * (own[i]! - rest[i]!);
}

function highest(logits: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > most) most = logit;
  return most;
}
