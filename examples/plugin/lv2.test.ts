import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeWav } from '../../server/audio/wav.ts';
import { workplace } from '../../server/cli/test/bin.ts';
import { built, lacks } from './tests/build.ts';
import { BIN } from './tests/host.ts';

const RATE = 48_000;
/** Frames from one note to the next. */
const EVERY = 24_000;
const PERIOD = 256;

/** A program that is stopped with the test, before what it depends on. */
function start(t: TestContext, env: NodeJS.ProcessEnv, file: string, ...args: string[]): ChildProcess {
  const child = spawn(file, args, { env, stdio: ['pipe', 'ignore', 'ignore'] });
  t.after(async () => {
    const closed = once(child, 'close');
    if (child.exitCode === null && child.kill()) await closed;
  });
  return child;
}

/** Tries until the program succeeds: ports of JACK take a while to be there. */
async function eventually(env: NodeJS.ProcessEnv, file: string, ...args: string[]): Promise<void> {
  for (let tries = 0; ; tries++) {
    if (spawnSync(file, args, { env, stdio: 'ignore', timeout: 5000 }).status === 0) return;
    assert.ok(tries < 100, `${file} ${args.join(' ')} fails`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const reason = lacks('jackd', 'jalv', 'jack_midiseq', 'jack_rec', 'jack_connect', 'jack_lsp');

test('lv2: in jalv, a host of other people, notes of a sequencer sound at their sample', {
  skip: reason,
}, async (t) => {
  built();
  const place = await workplace(t);
  const { ws } = await place.serve();
  const env = {
    ...place.env,
    FOLEYD_URL: ws,
    LV2_PATH: BIN,
    // One of few: see device-loss.test.ts.
    JACK_DEFAULT_SERVER: `foleyd-${process.pid % 2}`,
    JACK_NO_AUDIO_RESERVATION: '1',
  };
  start(
    t,
    env,
    'jackd',
    '--no-realtime',
    '-n',
    env.JACK_DEFAULT_SERVER,
    '-d',
    'dummy',
    '-r',
    `${RATE}`,
    '-p',
    `${PERIOD}`,
  );
  await eventually({ ...env, JACK_NO_START_SERVER: '1' }, 'jack_lsp');
  start(t, env, 'jalv', '-c', 'rolling=0', '-n', 'bridge', 'urn:foleyd:bridge');
  start(t, env, 'jack_midiseq', 'seq', `${EVERY}`, '0', '48', '12000');
  await eventually(env, 'jack_connect', 'seq:out', 'bridge:lv2_events_in');
  const file = path.join(place.dir, 'heard.wav');
  let steps: number[] = [];
  // A busy machine loses whole periods of what is recorded, so it may take another try. Notes at periods instead of
  // samples would never be 24000 apart.
  for (let tries = 0; tries < 3 && steps.filter((step) => step === EVERY).length < 3; tries++) {
    const record = start(t, env, 'jack_rec', '-f', file, '-d', '4', 'bridge:lv2_audio_out_1');
    await once(record, 'close');
    steps = stepsIn(decodeWav(await readFile(file)).pcm);
    t.diagnostic(`jalv: notes ${steps.join(' ')} samples apart`);
  }
  assert.ok(EVERY % PERIOD !== 0 && steps.filter((step) => step === EVERY).length >= 3, steps.join(' '));
});

/** Samples from each sound after silence to the next. */
function stepsIn(pcm: Float32Array): number[] {
  const onsets: number[] = [];
  for (let i = 0, quiet = 1000; i < pcm.length; i++) {
    if (pcm[i] !== 0 && quiet >= 1000) onsets.push(i);
    quiet = pcm[i] === 0 ? quiet + 1 : 0;
  }
  return onsets.slice(1).map((at, i) => at - onsets[i]!);
}
