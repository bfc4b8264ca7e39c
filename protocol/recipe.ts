/**
 * The arguments of `foley.generate` that make a clip again, from the recipe that its file and `clip.get` carry; or why
 * there are none: it was made from another clip, or is a part of an endless stream.
 */
export function argsOfRecipe(
  recipe: Readonly<Record<string, unknown>>,
): Record<string, unknown> | 'lineage' | 'stream' {
  if (recipe.stream !== undefined) return 'stream';
  if (recipe.lineage !== undefined) return 'lineage';
  const { class: what, seed, temperature, topK, topP, avoid, envelope, spectrum, density, rate, shape } = recipe;
  // Older recipes say nothing of guidance: nothing guided those clips, whatever their voice does today.
  const { guidance = 0, guideFollowed = false } = recipe;
  const args = { class: what, seed, temperature, topK, topP, guidance, guideFollowed };
  const some = Object.entries({ avoid, envelope, spectrum, density, rate, ...(shape as object | null | undefined) });
  return { ...args, ...Object.fromEntries(some.filter(([, value]) => value !== undefined)) };
}
