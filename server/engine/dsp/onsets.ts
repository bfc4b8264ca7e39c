/** An event is a rise of so many dB within so many seconds, to less than a range below the loudest; two are so far apart. */
const [RISE, WITHIN, RANGE, APART] = [9, 0.035, 30, 0.07];
/** What lies further below the loudest level is silence. */
const FLOOR = 50;

/** Levels above the floor; the loudest is 0. */
export function heardLevels(levels: Float32Array): Float32Array {
  const loudest = levels.reduce((most, x) => Math.max(most, x), -200);
  return levels.map((level) => Math.max(-FLOOR, level - loudest));
}

/** Seconds at which events begin, by the level in dB of every mel frame. */
export function onsetsOf(levels: Float32Array, frameSeconds: number): number[] {
  const heard = heardLevels(levels);
  const back = Math.round(WITHIN / frameSeconds);
  const found: number[] = [];
  for (let frame = 0; frame < heard.length; frame++) {
    const before = frame < back ? -FLOOR : Math.min(...heard.subarray(frame - back, frame));
    const rises = heard[frame]! > -RANGE && heard[frame]! - before >= RISE;
    if (rises && frame * frameSeconds - (found.at(-1) ?? -1) >= APART) found.push(frame * frameSeconds);
  }
  return found;
}
