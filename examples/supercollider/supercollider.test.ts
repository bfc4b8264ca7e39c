import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { jackServes } from '../../server/test/support/jack.ts';
import { assertClip, assertRows, example, freeUdpPort, lacks, type Stage, stage } from '../test/stage.ts';

const skip = lacks('sclang');

/** sclang's class library asks Qt for a window system, and Qt's browser refuses to run as root with its sandbox. */
function withoutWindow({ env, dir }: Stage): void {
  Object.assign(env, {
    QT_QPA_PLATFORM: 'offscreen',
    QTWEBENGINE_DISABLE_SANDBOX: '1',
    HOME: dir,
    XDG_RUNTIME_DIR: dir,
  });
}

test('foley.scd in sclang', { skip }, async (t) => {
  const staged = await stage(t);
  const { run, dir } = staged;
  withoutWindow(staged);
  const sclang = async (what: string, expect?: number) =>
    run('sclang', ['-u', await freeUdpPort(), example('supercollider/foley.scd'), what], expect);
  const output = await sclang('Rain');
  assertRows(output);
  assert.match(output, /6144 frames at 22050(\.0)? Hz/);
  await assertClip(output, dir);
  assert.match(await sclang('Unicorn', 1), /failed: unknown_class: /);
});

test('the class Foley in sclang: clips, errors, cancelling, hits in time, endless sounds', { skip }, async (t) => {
  const staged = await stage(t);
  const { run, dir } = staged;
  withoutWindow(staged);
  const config = path.join(dir, 'sclang.yaml');
  await writeFile(config, `includePaths:\n  - ${example('supercollider')}\nexcludePaths: []\n`);
  const help = example('supercollider/HelpSource/Classes/Foley.schelp');
  const output = await run('sclang', [
    '-l',
    config,
    '-u',
    await freeUdpPort(),
    example('supercollider/test.scd'),
    help,
  ]);
  assert.doesNotMatch(output, /WARNING|ERROR|wrong:/);
  assert.equal(output.match(/^clip: 6144 frames at 22050 Hz$/gm)?.length, 3, output);
  assert.match(output, /ok: failed: unknown_class: /);
  assert.match(output, /ok: cancelled/);
  assert.match(output, /ok: read says that localhost is not running/);
  assert.match(output, /ok: hit 3 of pad/);
  assert.match(output, /ok: \[ ?rain ?\] plays/);
  assert.match(output, /ok: kept 0\.2 s/);
  assert.match(output, /ok: an endless sound ended/);
});

test('the class Foley reads clips into buffers of scsynth', { skip: skip || lacks('scsynth', 'jackd') }, async (t) => {
  const staged = await stage(t);
  const { run, dir, env } = staged;
  withoutWindow(staged);
  // JACK without a device, under a name of its own. One of few: a jackd that is killed keeps its place in JACK's
  // registry of eight servers until one of the same name starts.
  env.JACK_DEFAULT_SERVER = `foley-${process.pid % 2}`;
  const jack = ['--no-realtime', '-n', env.JACK_DEFAULT_SERVER, '-r', '-d', 'dummy', '-r', '48000'];
  const jackd = spawn('jackd', jack, { env: { ...env, JACK_NO_AUDIO_RESERVATION: '1' }, stdio: 'ignore' });
  t.after(async () => {
    const gone = once(jackd, 'exit');
    if (jackd.exitCode === null && jackd.kill()) await gone;
  });
  await jackServes(env.JACK_DEFAULT_SERVER);
  const config = path.join(dir, 'sclang.yaml');
  await writeFile(config, `includePaths:\n  - ${example('supercollider')}\nexcludePaths: []\n`);
  const [language, synth] = [await freeUdpPort(), await freeUdpPort()];
  const output = await run('sclang', ['-l', config, '-u', language, example('supercollider/test-buffers.scd'), synth]);
  assert.doesNotMatch(output, /wrong:/);
  assert.equal(output.match(/^buffer: 6144 frames at 22050 Hz, not silent: true$/gm)?.length, 2, output);
});

test('every method of the class Foley is in its help', async () => {
  const source = await readFile(example('supercollider/Classes/Foley.sc'), 'utf8');
  const help = await readFile(example('supercollider/HelpSource/Classes/Foley.schelp'), 'utf8');
  const methods = [...source.matchAll(/^\t(\w+) \{/gm)].map((match) => match[1] ?? '');
  const own = methods.filter((name) => !/^pr[A-Z]|^init$/.test(name));
  assert.ok(own.length > 8);
  for (const name of own) assert.match(help, new RegExp(`^METHOD:: ${name}$`, 'm'), name);
});
