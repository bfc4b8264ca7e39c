/** A device that is taken away and comes back, with JACK's dummy driver as the device. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { test } from 'node:test';
import { jackServes } from '../test/support/jack.ts';
import { createPlayback } from './create.ts';

const hasJack = spawnSync('jackd', ['--version']).error === undefined;
const click = Float32Array.of(0.5, 0, 0, 0);

test('playback goes on without a device that is lost, and comes back to it', {
  skip: hasJack ? false : 'needs jackd',
  timeout: 120_000,
}, async (t) => {
  // One of few names: a jackd that is killed keeps its place in JACK's registry of eight servers until one of the
  // same name starts, so a name for each run would fill the registry after eight runs.
  const name = `foleyd-test-${process.pid % 4}`;
  let jack: ChildProcess | null = null;
  const begin = async (): Promise<void> => {
    const child = spawn('jackd', ['-n', name, '-r', '-d', 'dummy', '-r', '48000', '-p', '512'], {
      env: { ...process.env, JACK_NO_AUDIO_RESERVATION: '1' },
    });
    jack = child;
    child.stdout.resume();
    child.stderr.resume();
    await jackServes(name);
  };
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (jack === null || jack.exitCode !== null || jack.signalCode !== null) return;
    jack.kill(signal);
    await once(jack, 'exit');
  };
  // The last jackd is asked to end, which gives its place in the registry back.
  t.after(async () => {
    await begin();
    await end('SIGTERM');
  });
  process.env.JACK_DEFAULT_SERVER = name;
  t.after(() => delete process.env.JACK_DEFAULT_SERVER);
  await begin();
  const playback = await createPlayback({ output: 'auto' });
  t.after(() => playback.close());
  const until = async (state: string): Promise<void> => {
    while (playback.info().state !== state) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const sound = playback.prepare(click, playback.info().rate);
  const plays = async (): Promise<void> => assert.equal(await playback.play(sound).ended, 'played');
  assert.equal(playback.info().state, 'running', String(playback.info().problem));
  await plays();
  await end();
  await until('headless');
  assert.match(playback.info().problem ?? '', /the device plays no more/);
  await plays();
  await begin();
  await until('running');
  assert.equal(playback.info().problem, null);
  await plays();
  // The device dies as the server ends.
  await end();
  await playback.close();
  assert.equal(playback.info().state, 'closed');
});
