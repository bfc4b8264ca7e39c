// `npm run plugin`: builds the plugin in all its formats into build/plugin/bin. `--tests` adds what its tests need.
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(here, '..', '..', 'build', 'plugin');
const tests = process.argv.includes('--tests') ? ['-DFOLEY_TESTS=ON'] : [];
const steps = [
  ['-S', here, '-B', build, ...tests],
  ['--build', build, '--parallel', String(Math.min(4, os.availableParallelism()))],
];
for (const step of steps) {
  const { status, error } = spawnSync('cmake', step, { stdio: 'inherit' });
  if (error) console.error(`foleyd: cmake cannot be started (${error.message}); the plugin needs cmake, make and g++`);
  if (status !== 0) process.exit(status ?? 1);
}
console.log(`built: foleyd-bridge.vst3, .clap and .lv2 in ${path.join(build, 'bin')}`);
