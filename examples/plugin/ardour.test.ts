// The VST3 in Ardour 7, a DAW of other people. CI does not install it, it is large: there this skips.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeWav } from '../../server/audio/wav.ts';
import { BIN } from './tests/host.ts';
import { compare, holds, isSilent } from './tests/sound.ts';
import { CLIP, readyHost, type Stage, served, withServer } from './tests/stage.ts';

const SCRIPT = fileURLToPath(new URL('ardour.lua', import.meta.url));
const LUA = 'ardour7-lua';
/** Where Debian has Ardour's parts; its scanner is no command. */
const ARDOUR = '/usr/lib/ardour7';
const SCANNER = `${ARDOUR}/ardour-vst3-scanner`;
const RATE = 48_000;
/** Ardour counts 1920 ticks a beat, and a new session has 120 beats a minute. */
const SAMPLES_PER_TICK = RATE / 2 / 1920;
/** Of each export: 2.6 s. */
const FRAMES = 125_000;
/** As the script sets it; a saved session that lost it would have the default, 1. */
const SEED = 7;
/** More hits of a key than clips of it are kept ready: an export is fast, so some of them must wait for the server. */
const NOTES = [
  { tick: 802, key: 48, k: 0, velocity: 127 },
  { tick: 1970, key: 50, k: 0, velocity: 127 },
  { tick: 3106, key: 48, k: 1, velocity: 64 },
  { tick: 4244, key: 48, k: 2, velocity: 127 },
  { tick: 5402, key: 48, k: 3, velocity: 127 },
  { tick: 6530, key: 48, k: 4, velocity: 127 },
  { tick: 7668, key: 50, k: 1, velocity: 1 },
  { tick: 8806, key: 48, k: 5, velocity: 127 },
].map((note) => ({ ...note, frame: note.tick * SAMPLES_PER_TICK }));

/** Ardour with nothing of the person who runs the tests, that has found the plugin by its own scanner. */
async function studio({ place, ws }: Stage): Promise<NodeJS.ProcessEnv> {
  const home = path.join(place.dir, 'ardour');
  await mkdir(path.join(home, 'config/ardour7/export'), { recursive: true });
  const env = {
    ...place.env,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
    FOLEYD_URL: ws,
    FOLEYD_TOKEN: '',
    VST3_PATH: BIN,
  };
  const { stdout, stderr } = spawnSync(SCANNER, ['-f', '-v', path.join(BIN, 'foleyd-bridge.vst3')], {
    env: { ...env, LD_LIBRARY_PATH: ARDOUR, ARDOUR_DLL_PATH: ARDOUR },
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.match(stdout + stderr, /Found Plugin: foleyd bridge/);
  return env;
}

/**
 * What one run of the script exports. Ardour without its window aborts now and then, with its own synthesizer as with
 * this plugin: while a track is made ("Port already exists"), in the export, or when it ends. So a run that a signal
 * killed does not count, and there are five tries. An error of the script is final.
 */
async function exported(
  t: TestContext,
  env: NodeJS.ProcessEnv,
  what: 'make' | 'open',
  session: string,
  ...notes: string[]
): Promise<Float32Array> {
  const file = `${session}-${what}/heard.wav`;
  for (let tries = 1; ; tries++) {
    if (what === 'make') await rm(session, { recursive: true, force: true });
    const { stdout, stderr, status, signal } = spawnSync(LUA, [SCRIPT, what, session, file, `${FRAMES}`, ...notes], {
      env,
      encoding: 'utf8',
      timeout: 300_000,
    });
    if (status === 0 && /^exported$/m.test(stdout)) break;
    t.diagnostic(`${what}, try ${tries}: Ardour ended with ${status ?? signal}`);
    assert.ok(signal !== null && tries < 5, `${stdout}\n${stderr}`);
  }
  const { pcm, rate } = decodeWav(await readFile(file));
  assert.deepEqual([rate, pcm.length], [RATE, FRAMES]);
  return pcm;
}

withServer(
  'in Ardour',
  (stage) => {
    test('notes of a region sound at their sample in an export, and again from the saved session', async (t) => {
      const set = stage(t);
      const env = await studio(set);
      const session = path.join(set.place.dir, 'ardour/bridge');
      const notes = NOTES.map(({ tick, key, velocity }) => `${tick}:${key}:${velocity}`);
      const sound = await exported(t, env, 'make', session, ...notes);

      let from = 0;
      for (const { frame, key, k, velocity } of NOTES) {
        // What the server itself makes of clip k of that key.
        const clip = (await served(set.ws, key === 48 ? 0 : 1, k, RATE, SEED)).map((v) => (v * velocity) / 127);
        const { lag, residual } = compare(sound.subarray(frame), clip, 64);
        assert.ok(isSilent(sound.subarray(from, frame)), `something sounds before ${frame}`);
        assert.equal(lag, 0);
        assert.ok(residual < -25, `${residual} dB`);
        from = frame + CLIP;
      }
      assert.ok(isSilent(sound.subarray(from)));

      // Nothing of Ardour's is in the way, so it is what the tests' own host hears, bit for bit.
      const host = await readyHost(set, 'vst3', { Seed: SEED, Render_wait: 30 });
      // It waits in the audio callback, which is what Render wait is for.
      await host.tell('guard', 0);
      const own = await host.play(
        FRAMES,
        NOTES.map(({ frame, key, velocity }) => [frame, key, velocity]),
      );
      await host.quit();
      assert.ok(holds(sound, own, 0));

      const again = await exported(t, env, 'open', session);
      assert.ok(holds(again, sound, 0));
      t.diagnostic(`Ardour: ${NOTES.length} notes, onset error 0 samples, twice the same`);
    });
  },
  LUA,
);
