/** From 0 to 1, the next of a seeded series. */
export type Uniform = () => number;
