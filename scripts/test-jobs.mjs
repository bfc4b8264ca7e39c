// The jobs of `npm test`: which test files run together, and several jobs at once, so that every core is busy.

/** @typedef {{name: string, run: () => Promise<void>}} Job */

/**
 * Runs every job, in the order given, `atOnce` at a time. A job that throws does not end the others; the first of their
 * errors is thrown when all have ended.
 * @param {Job[]} jobs @param {number} atOnce
 */
export async function runJobs(jobs, atOnce) {
  const waiting = [...jobs];
  /** @type {unknown[]} */
  const errors = [];
  const takeNext = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      try {
        await job.run();
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, takeNext));
  if (errors.length > 0) throw errors[0];
}

/** Files that take a minute or more on one core, longest first: whoever comes last must not be one of them. */
const LONGEST = [
  'server/test/retrain.test.ts',
  'server/test/default-voice.test.ts',
  'server/cli/index.test.ts',
  'examples/plugin',
  'examples/osc/retrain.test.ts',
  'server/console',
];

/**
 * Test files in parts: the longest alone and first, then those that start programs or make clips, then all others.
 * @param {string[]} files @param {(file: string) => boolean} isShort
 * @returns {string[][]}
 */
export function parts(files, isShort) {
  /** @param {string} file */
  const rank = (file) => LONGEST.findIndex((place) => file.replaceAll('\\', '/').startsWith(place));
  const longest = files.filter((file) => rank(file) >= 0).sort((a, b) => rank(a) - rank(b));
  const others = files.filter((file) => rank(file) < 0);
  return [
    ...longest.map((file) => [file]),
    ...chunks(
      others.filter((file) => !isShort(file)),
      6,
    ),
    ...chunks(others.filter(isShort), 30),
  ];
}

/** @param {string[]} files @param {number} size */
const chunks = (files, size) =>
  Array.from({ length: Math.ceil(files.length / size) }, (_, i) => files.slice(i * size, (i + 1) * size));
