// Which test files `npm test -- --quick` runs: those that make no clips, start no program and wait for nothing.

/** Files and folders of tests that take longer than a second or two each, and why. @type {[place: string, why: string][]} */
export const SLOW = [
  ['examples', 'other programs'],
  ['protocol/fuzz.test.ts', 'thousands of damaged requests'],
  ['scripts/package', 'packages that are installed and run'],
  ['scripts/python.test.ts', 'environments of Python'],
  ['server/audio/flac.test.ts', 'compresses clips at every level'],
  ['server/audio/levels.test.ts', 'ffmpeg'],
  ['server/cli', 'the command as a process'],
  ['server/console', 'a browser'],
  ['server/delivery/file.test.ts', 'files in every form'],
  ['server/engine/inference', 'makes clips'],
  ['server/engine/onnx', 'a process per provider'],
  ['server/engine/process', 'engine processes'],
  ['server/evaluation/embedder-client.test.ts', 'a process that embeds clips'],
  ['server/farm/endings.test.ts', 'a broker that is killed'],
  ['server/farm/farm.test.ts', 'a broker'],
  ['server/farm/link.test.ts', 'a broker'],
  ['server/farm/processes.test.ts', 'a broker and workers'],
  ['server/farm/small-disk.test.ts', 'a broker'],
  ['server/farm/tls.test.ts', 'brokers and certificates'],
  ['server/playback', 'plays in real time'],
  ['server/test', 'whole servers, engines and trainings'],
  ['server/training', 'trainings'],
];

/** @param {string} file from the repository's root @returns {boolean} */
export function isQuick(file) {
  const name = file.replaceAll('\\', '/');
  return !SLOW.some(([place]) => name === place || name.startsWith(`${place}/`));
}
