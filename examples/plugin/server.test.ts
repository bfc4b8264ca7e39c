import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';
import { connect, type Done } from '../../protocol/client.ts';
import { workplace } from '../../server/cli/test/bin.ts';
import { Gate } from './tests/gate.ts';
import { type Format, formats, Host } from './tests/host.ts';
import { isSilent, onset } from './tests/sound.ts';
import { CLIP, readyHost, Status, served, withServer } from './tests/stage.ts';

withServer('the plugin and its server', (stage) => {
  test('a note before its clip is there sounds late, or not at all after half a second', async (t) => {
    const set = stage(t);
    const warm = await readyHost(set, 'clap');
    await warm.quit();
    const host = set.host('clap');
    await host.tell('activate', 48_000, 256);
    await host.tell('note', 0, 48, 127);
    await host.tell('hear', 1);
    const sound = await host.dump();
    const cold = onset(sound) / 48_000;
    t.diagnostic(
      `cold: ${cold < 0 ? 'more than 500' : (cold * 1000).toFixed(0)} ms from the note to its sound, connecting included`,
    );
    // On a machine that is busy the half second may be over.
    assert.equal(await host.get('Notes_missed'), cold > 0 ? 0 : 1);
    assert.ok(cold < 0.51, `${cold} s`);
    // The same through a line that takes 0.7 s each way: too late, and nothing piles up afterwards.
    const gate = await new Gate(t, set.ws).up();
    gate.delayMs = 700;
    const slow = set.host('clap', { FOLEYD_URL: gate.url });
    await slow.tell('activate', 48_000, 256);
    for (const key of [48, 48, 50]) await slow.tell('note', 0, key, 127);
    await slow.tell('hear', 2.5);
    assert.ok(isSilent(await slow.dump()));
    assert.equal(await slow.get('Notes_missed'), 3);
    gate.delayMs = 0;
    await slow.until('Status', Status.ready);
    assert.ok(!isSilent(await slow.play(CLIP, [[0, 48, 127]])));
  });

  test('without a server it is silent and says so, and it finds one that comes', async (t) => {
    const set = stage(t);
    const gate = await new Gate(t, set.ws).up();
    await gate.down();
    const host = set.host('vst3', { FOLEYD_URL: gate.url });
    await host.tell('activate', 48_000, 256);
    await host.until('Status', Status.noServer);
    assert.ok(isSilent(await host.play(48_000, [[5, 48, 127]])));
    assert.equal(await host.get('Notes_missed'), 1);
    await gate.up();
    await host.until('Status', Status.ready);
    assert.ok(!isSilent(await host.play(CLIP, [[0, 48, 127]])));
    // A port that takes connections and never speaks.
    await gate.down();
    gate.silent = true;
    await gate.up();
    const deaf = set.host('clap', { FOLEYD_URL: gate.url });
    await deaf.tell('activate', 48_000, 256);
    await deaf.until('Status', Status.connecting);
    await deaf.until('Status', Status.noServer);
    const begin = performance.now();
    await deaf.quit();
    // The patience for a port that never speaks is 3 s; nobody waits for it.
    assert.ok(performance.now() - begin < 2500);
    const named = set.host('clap', { FOLEYD_URL: 'ws://localhost:9247/ws' });
    await named.tell('activate', 48_000, 256);
    await named.until('Status', Status.badAddress);
  });

  test('a server that dies within a clip leaves nothing of it, and the clip comes whole from the next', async (t) => {
    const set = stage(t);
    const whole = await readyHost(set, 'clap', { Prefetch: 1 });
    const expected = await whole.play(CLIP, [[0, 50, 127]]);
    const gate = await new Gate(t, set.ws).up();
    for (const bytes of [300, 20_000, 60_000]) {
      gate.cutAfter = bytes;
      const before = gate.count;
      const host = set.host('clap', { FOLEYD_URL: gate.url });
      await host.set({ Prefetch: 1 });
      await host.tell('activate', 48_000, 256);
      await host.until('Status', Status.ready);
      assert.equal(gate.count, before + 2);
      assert.deepEqual(await host.play(CLIP, [[0, 50, 127]]), expected);
      await host.quit();
    }
  });

  test('another rate needs no server', async (t) => {
    const set = stage(t);
    const gate = await new Gate(t, set.ws).up();
    const host = set.host('vst3', { FOLEYD_URL: gate.url });
    await host.set({ Rolling_seed: 0 });
    await host.tell('activate', 48_000, 256);
    await host.until('Status', Status.ready);
    const clips = await host.get('Clips_ready');
    await gate.down();
    await host.until('Status', Status.noServer);
    await host.tell('deactivate');
    await host.tell('activate', 96_000, 512);
    await host.until('Clips_ready', clips);
    const fresh = await readyHost(set, 'vst3', { Rolling_seed: 0 }, 96_000);
    assert.deepEqual(await host.play(30_000, [[7, 48, 127]]), await fresh.play(30_000, [[7, 48, 127]]));
  });

  for (const format of Object.keys(formats) as Format[]) {
    test(`${format}: a bounce of 60 s is complete, and the same again from the saved project`, async (t) => {
      const set = stage(t);
      const notes = Array.from({ length: 40 }, (_, i): [number, number, number] => [
        i * 70_001 + 17,
        48 + 2 * (i % 3),
        100,
      ]);
      const bounce = async (host: Host): Promise<Float32Array> => {
        await host.tell('guard', 0);
        await host.tell('activate', 48_000, 512);
        await host.tell('playing', 1);
        const sound = await host.play(60 * 48_000, notes);
        await host.tell('playing', 0);
        assert.equal(await host.get('Notes_missed'), 0);
        return sound;
      };
      const first = set.host(format);
      await first.set({ Render_wait: 20, Seed: 77, Temperature: 0.9 });
      const begin = performance.now();
      const sound = await bounce(first);
      t.diagnostic(`60 s with 40 new clips in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
      for (const [i, [frame]] of notes.entries()) {
        const before = i === 0 ? 0 : notes[i - 1]![0] + CLIP;
        assert.ok(isSilent(sound.subarray(before, frame)), `before note ${i}`);
        assert.ok(!isSilent(sound.subarray(frame, frame + 2000)), `note ${i}`);
      }
      const reference = await served(set.ws, 0, 0, 48_000, 77);
      assert.ok(reference.length > 0);
      const file = path.join(set.place.dir, 'project');
      await first.tell('save', file);
      await first.quit();
      const second = set.host(format);
      await second.tell('load', file);
      assert.equal(await second.get('Seed'), 77);
      assert.deepEqual(await bounce(second), sound);
    });
  }

  test('a bounce without a server waits once and ends', async (t) => {
    const set = stage(t);
    const gate = await new Gate(t, set.ws).up();
    await gate.down();
    const host = set.host('clap', { FOLEYD_URL: gate.url });
    await host.set({ Render_wait: 1 });
    await host.tell('guard', 0);
    await host.tell('activate', 48_000, 512);
    const begin = performance.now();
    const notes = Array.from({ length: 30 }, (_, i): [number, number, number] => [i * 4800, 48, 100]);
    assert.ok(isSilent(await host.play(3 * 48_000, notes)));
    const seconds = (performance.now() - begin) / 1000;
    // One second for each note would be 30.
    assert.ok(seconds >= 1 && seconds < 15, `${seconds} s`);
  });

  test('a project keeps its voice when another is activated, unless it follows', async (t) => {
    const place = await workplace(t);
    const { ws } = await place.serve();
    const open = async (values: Record<string, number>, file?: string): Promise<Host> => {
      const host = new Host(t, 'clap', place.dir, { FOLEYD_URL: ws });
      if (file !== undefined) await host.tell('load', file);
      await host.set({ Rolling_seed: 0, ...values });
      await host.tell('activate', 48_000, 256);
      await host.until('Status', Status.ready);
      return host;
    };
    const [keeping, following] = [await open({}), await open({ Follow_voice: 1 })];
    const before = await keeping.play(CLIP, [[0, 48, 127]]);
    assert.deepEqual(await following.play(CLIP, [[0, 48, 127]]), before);
    const file = path.join(place.dir, 'project');
    await keeping.tell('save', file);
    const env = { ...place.env, FOLEYD_PORT: new URL(ws).port };
    const { code, stderr } = await place.foleydWith(env, 'activate', 'tiny-vq', '--force');
    assert.equal(code, 0, stderr);
    const again = await open({}, file);
    assert.deepEqual(await again.play(CLIP, [[0, 48, 127]]), before);
    // It notices with the first clip that it asks for.
    await following.set({ Seed: 2 });
    await following.until('Status', Status.fetching);
    await following.until('Status', Status.ready);
    await following.set({ Seed: 1 });
    await following.until('Status', Status.fetching);
    await following.until('Status', Status.ready);
    const after = await following.play(CLIP, [[0, 48, 127]]);
    assert.ok(!isSilent(after));
    assert.notDeepEqual(after, before);
  });

  test('a server that asks for a token is told one from the settings, and else the status says so', async (t) => {
    const place = await workplace(t);
    const rotated = await place.foleyd('token', 'rotate', 'play');
    const token = /[\w-]{43}/.exec(rotated.stdout)?.[0];
    assert.ok(token, rotated.stdout + rotated.stderr);
    const { ws } = await place.serve();
    const without = new Host(t, 'clap', place.dir, { FOLEYD_URL: ws });
    await without.tell('activate', 48_000, 256);
    await without.until('Status', Status.tokenNeeded);
    const having = new Host(t, 'clap', place.dir, { FOLEYD_URL: ws, FOLEYD_TOKEN: token });
    await having.tell('activate', 48_000, 256);
    await having.until('Status', Status.ready);
    // The file may come later: it is read before each try to connect.
    const waiting = new Host(t, 'vst3', place.dir, { FOLEYD_URL: '' });
    await mkdir(path.join(place.dir, 'foleyd'));
    const file = path.join(place.dir, 'foleyd', 'plugin.conf');
    await writeFile(file, `url ${ws}\n`);
    await waiting.tell('activate', 48_000, 256);
    await waiting.until('Status', Status.tokenNeeded);
    await writeFile(file, `url ${ws}\ntoken ${token}\n`);
    await waiting.until('Status', Status.ready);
  });

  for (const format of Object.keys(formats) as Format[]) {
    test(`${format}: the server hears where the song of the host is, where it jumps, and when it stands`, async (t) => {
      const set = stage(t);
      const client = await connect(set.ws, { codec: 'msgpack', WebSocket: WebSocket as never });
      t.after(() => client.close());
      const song = (): Promise<Done<'transport.info'>> => client.call('transport.info', {});
      const until = async (is: (song: Done<'transport.info'>) => boolean): Promise<Done<'transport.info'>> => {
        for (;;) {
          const found = await song();
          if (is(found)) return found;
          await host.tell('idle', 0.05);
        }
      };
      const host = await readyHost(set, format);
      await host.tell('song', 90, 16);
      const early = Date.now();
      await host.tell('playing', 1);
      await host.tell('idle', 0.05);
      const late = Date.now();
      const begun = await until(({ playing }) => playing);
      assert.deepEqual([begun.tempo, begun.source], [90, 'client']);
      const beats = (ms: number): number => (ms / 60_000) * 90;
      const passed = begun.beat! - 16;
      assert.ok(passed >= beats(begun.at - late) - 0.01 && passed <= beats(begun.at - early) + 0.01, `${passed} beats`);
      await host.tell('song', 90, 1024.5);
      assert.ok((await until(({ beat }) => beat! > 1000)).beat! < 1030);
      await host.tell('song', 133.5, 8);
      assert.ok((await until(({ tempo }) => tempo === 133.5)).beat! < 20);
      await host.tell('playing', 0);
      await until(({ playing }) => !playing);
      await host.tell('playing', 1);
      await until(({ playing }) => playing);
      await host.tell('deactivate');
      while ((await song()).playing) await new Promise((go) => setTimeout(go, 20));
      await host.quit();
    });
  }
});
