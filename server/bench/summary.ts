export interface Summary {
  median: number;
  min: number;
  max: number;
  raw: number[];
}

/** The figures a benchmark prints, to five digits. */
export function summary(raw: number[]): Summary {
  const sorted = [...raw].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(at)]! + sorted[Math.ceil(at)]!) / 2;
  return { median: digits(median), min: digits(sorted[0]!), max: digits(sorted.at(-1)!), raw: raw.map(digits) };
}

function digits(value: number): number {
  return Number(value.toPrecision(5));
}
