/** One sound that turns into another of its length, at the level of both, whatever their waves have in common. */
export function changeOver(from: Float32Array, to: Float32Array): Float32Array {
  const alike = Math.max(0, correlation(from, to));
  return from.map((value, i) => {
    const share = ((i + 0.5) / from.length) * (Math.PI / 2);
    const [less, more] = [Math.cos(share), Math.sin(share)];
    return (value * less + to[i]! * more) / Math.sqrt(1 + 2 * less * more * alike);
  });
}

/** How much two waves of one length have in common: 1 the same but for loudness, 0 nothing, -1 the opposite. */
export function correlation(one: Float32Array, other: Float32Array): number {
  let [both, ones, others] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    both += one[i]! * other[i]!;
    ones += one[i]! ** 2;
    others += other[i]! ** 2;
  }
  return ones === 0 || others === 0 ? 0 : both / Math.sqrt(ones * others);
}
