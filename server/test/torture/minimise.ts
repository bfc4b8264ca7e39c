import type { Frame } from './carrier.ts';

/** Servers that are started to make one failure smaller. */
const BUDGET = 60;

/**
 * As few frames, and as short ones, as still fail: halves, quarters and so on are left out (Zeller's ddmin), of the frames
 * and then of the bytes of each. Those given where they do not fail by themselves.
 */
export async function minimise<F extends Frame>(
  frames: readonly F[],
  fails: (frames: readonly F[]) => Promise<boolean>,
  budget = BUDGET,
): Promise<readonly F[]> {
  let left = budget;
  const tried = async (some: readonly F[]): Promise<boolean> => left-- > 0 && some.length > 0 && (await fails(some));
  if (!(await tried(frames))) return frames;
  let least = await reduce(frames, tried);
  for (let i = 0; i < least.length; i++) {
    const one = least[i]!;
    // Of a shorter frame nobody knows the id, nor where it was cut.
    const { id: _, cuts: __, ...rest } = one;
    const shorter = (bytes: readonly number[]): F => ({ ...rest, bytes: Uint8Array.from(bytes) }) as F;
    const bytes = await reduce([...one.bytes], (some) =>
      tried(least.map((frame, at) => (at === i ? shorter(some) : frame))),
    );
    if (bytes.length < one.bytes.length) least = least.map((frame, at) => (at === i ? shorter(bytes) : frame));
  }
  return least;
}

async function reduce<T>(all: readonly T[], fails: (some: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let least = all;
  for (let parts = 2; least.length > 1; ) {
    const size = Math.ceil(least.length / parts);
    let found: readonly T[] | null = null;
    for (let at = 0; at < least.length && found === null; at += size) {
      const rest = [...least.slice(0, at), ...least.slice(at + size)];
      if (rest.length > 0 && (await fails(rest))) found = rest;
    }
    if (found !== null) {
      least = found;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(least.length, 2 * parts);
  }
  return least;
}
