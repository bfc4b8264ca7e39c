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
 * does not depend on one. Writes to `out`, which may be none of the inputs.
 */
export function guide(own: Float32Array, rest: Float32Array, weight: number, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = own[i]! + weight * (own[i]! - rest[i]!);
}
