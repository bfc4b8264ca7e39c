import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { askDevices } from './ask-devices.ts';

const hasJack = spawnSync('jackd', ['--version']).error === undefined;

test('a JACK server that is stopped stops nothing else: the question for outputs ends, and this thread goes on', {
  skip: hasJack ? false : 'needs jackd',
  timeout: 120_000,
}, async (t) => {
  // One of the few names of device-loss.test.ts.
  const name = `foleyd-test-${process.pid % 4}`;
  const before = process.env.JACK_DEFAULT_SERVER;
  process.env.JACK_DEFAULT_SERVER = name;
  const jack: ChildProcess = spawn('jackd', ['-n', name, '-r', '-d', 'dummy', '-r', '48000', '-p', '512'], {
    env: { ...process.env, JACK_NO_AUDIO_RESERVATION: '1' },
    stdio: 'ignore',
  });
  t.after(async () => {
    if (before === undefined) delete process.env.JACK_DEFAULT_SERVER;
    else process.env.JACK_DEFAULT_SERVER = before;
    jack.kill('SIGCONT');
    jack.kill('SIGTERM');
    if (jack.exitCode === null && jack.signalCode === null) await once(jack, 'exit');
  });
  while (!(await askDevices().catch(() => [])).some(({ name: output }) => /cpal/.test(output))) await wait(200);
  jack.kill('SIGSTOP');
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 10);
  t.after(() => clearInterval(timer));
  await assert.rejects(askDevices(3000), /the sound system gave no answer in 3 s \(killed by SIGKILL\)/);
  assert.ok(turns > 0);
  jack.kill('SIGCONT');
  assert.ok((await askDevices()).length > 0);
});

test('outputs are those that the system has, or why there are none is told', async () => {
  const found = await askDevices().catch((error: Error) => error.message);
  assert.ok(typeof found === 'string' ? found.length > 0 : found.every(({ name }) => name !== ''));
});
