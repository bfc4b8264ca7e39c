import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';
import { connect } from '../../protocol/client.ts';
import { Gate } from './tests/gate.ts';
import { type Format, formats, type Host } from './tests/host.ts';
import { compare, energy, holds, isSilent } from './tests/sound.ts';
import { CLIP, readyHost, Status, served, withServer } from './tests/stage.ts';

const rates = [44_100, 48_000, 96_000] as const;

withServer('what the plugin plays', (stage) => {
  for (const format of Object.keys(formats) as Format[]) {
    test(`${format}: a scan shows what there is and touches no network`, async (t) => {
      const set = stage(t);
      const gate = await new Gate(t, set.ws).up();
      const host = set.host(format, { FOLEYD_URL: gate.url });
      const { params } = await host.tell('params');
      assert.deepEqual(
        params.map(({ name, min, max }) => `${name} ${min} ${max}`),
        [
          ...['Class 0 15', 'Seed 0 9999', 'Rolling seed 0 1', 'Temperature 0 2', 'Length 0 20', 'Variation 0 100'],
          ...['Prefetch 1 8', 'Gain -60 12', 'Render wait 0 60', 'Follow voice 0 1'],
          ...['Status 0 9', 'Clips ready 0 255', 'Notes missed 0 9999', 'Hold 0 1', 'Underruns 0 9999'],
        ],
      );
      assert.equal((await host.tell('latency')).latency, 0);
      await host.tell('save', path.join(set.place.dir, 'scan'));
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual([gate.count, (await host.tell('get', 'Status')).text], [0, 'Off']);
      await host.tell('activate', 48_000, 256);
      await host.until('Status', Status.ready);
      assert.equal(gate.count, 1);
      await host.quit();
    });

    test(`${format}: notes sound at their sample, as the server's own resampler has it, at every rate`, async (t) => {
      const set = stage(t);
      for (const rate of rates) {
        const host = await readyHost(set, format, { Rolling_seed: 0, Seed: 3 }, rate);
        const reference = await served(set.ws, 0, 0, rate, 3);
        const clip = (await host.play(32_768, [[0, 48, 127]])).subarray(0, reference.length);
        const { lag, residual } = compare(clip, reference, 64);
        assert.equal(lag, 0);
        assert.ok(residual < -25, `${residual} dB`);
        for (const frame of [1, 255, 256, 1000, 12_345]) {
          const sound = await host.play(frame + 32_768, [[frame, 48, 127]]);
          assert.ok(isSilent(sound.subarray(0, frame)));
          assert.ok(holds(sound, clip, frame));
        }
        t.diagnostic(`${rate} Hz: onset error 0 samples, ${residual.toFixed(1)} dB from the server's resampler`);
        await host.quit();
      }
    });
  }

  test('velocity is level, keys are classes, and other keys play the class that is set', async (t) => {
    const set = stage(t);
    const host = await readyHost(set, 'clap', { Rolling_seed: 0, Class: 5 });
    const [loud, soft] = [await host.play(CLIP, [[0, 50, 127]]), await host.play(CLIP, [[0, 50, 64]])];
    assert.ok(Math.abs(Math.sqrt(energy(soft) / energy(loud)) - 64 / 127) < 1e-4);
    const keyed = await host.play(CLIP, [[0, 57, 127]]);
    const [own, other] = [await host.play(CLIP, [[0, 49, 127]]), await host.play(CLIP, [[0, 100, 127]])];
    assert.deepEqual(own, other);
    for (const sound of [loud, keyed, own]) assert.ok(!isSilent(sound));
    assert.ok(energy(loud.map((value, i) => value - keyed[i]!)) > 0);
    // Class 7 is not in this voice: silence, and no fault.
    assert.ok(isSilent(await host.play(CLIP, [[0, 60, 127]])));
    await host.set({ Class: 15 });
    await host.until('Status', Status.unknownClass);
    assert.ok(isSilent(await host.play(CLIP, [[0, 49, 127]])));
    await host.set({ Class: 5, Gain: -6 });
    await host.until('Status', Status.ready);
    const quiet = await host.play(CLIP, [[0, 49, 127]]);
    assert.ok(Math.abs(10 * Math.log10(energy(quiet) / energy(own)) + 6) < 0.01);
  });

  for (const format of Object.keys(formats) as Format[]) {
    test(`${format}: a project of when eight keys had a class plays what it played, when it is saved again too`, async (t) => {
      const set = stage(t);
      const settings = { Rolling_seed: 0, Class: 5 };
      const fresh = await readyHost(set, format, settings);
      const own = await fresh.play(CLIP, [[0, 49, 127]]);
      assert.ok(!isSilent(own));
      // Class 8 is not in this voice.
      assert.ok(isSilent(await fresh.play(CLIP, [[0, 62, 127]])));
      const file = path.join(set.place.dir, `eight-${format}`);
      await fresh.tell('save', file);
      const project = await readFile(file);
      const at = project.indexOf('foleyd 2\n');
      assert.ok(at >= 0);
      project.write('1', at + 'foleyd '.length);
      await writeFile(file, project);
      for (let time = 0; time < 2; time++) {
        const old = set.host(format);
        await old.tell('load', file);
        await old.tell('activate', 48_000, 256);
        await old.until('Status', Status.ready);
        assert.deepEqual(await old.play(CLIP, [[0, 62, 127]]), own);
        await old.tell('save', file);
      }
    });
  }

  test('a block costs microseconds, with one voice and with 32', async (t) => {
    const set = stage(t);
    for (const format of Object.keys(formats) as Format[]) {
      const host = await readyHost(set, format, { Rolling_seed: 0 });
      const cost = async (voices: number): Promise<number> => {
        const medians: number[] = [];
        for (let time = 0; time < 5; time++) {
          for (let i = 0; i < voices; i++) await host.tell('note', i % 256, 48 + 2 * (i % 2), 100);
          medians.push((await host.tell('run', 13_000)).medianUs);
          await host.tell('run', 4096);
          assert.equal(isSilent(await host.dump()), voices === 0);
        }
        return medians.sort((a, b) => a - b)[2]!;
      };
      const [silent, one, many] = [await cost(0), await cost(1), await cost(32)];
      t.diagnostic(`${format}: ${silent.toFixed(1)} us silent, ${one.toFixed(1)} us 1 voice, ${many.toFixed(1)} us 32`);
      // A block lasts 5333 us.
      assert.ok(many < 5333, 'slower than it sounds');
      await host.quit();
    }
  });

  test('a rolling seed gives new clips, and a saved project goes on where it was', async (t) => {
    const set = stage(t);
    const hit = async (host: Host): Promise<Float32Array> => {
      const sound = await host.play(CLIP, [[0, 48, 127]]);
      // The network thread looks every 20 ms for what was played.
      await host.tell('idle', 0.1);
      await host.until('Status', Status.ready);
      return sound;
    };
    const first = await readyHost(set, 'clap', { Variation: 100 });
    const heard = [await hit(first), await hit(first), await hit(first)];
    for (const [i, sound] of heard.entries()) {
      assert.ok(!isSilent(sound));
      assert.equal(compare(sound, await served(set.ws, 0, i, 48_000), 8).lag, 0);
      for (const other of heard.slice(i + 1)) assert.notDeepEqual(sound, other);
    }
    const file = path.join(set.place.dir, 'project');
    await first.tell('save', file);
    const second = set.host('clap');
    await second.tell('load', file);
    await second.tell('activate', 48_000, 256);
    await second.until('Status', Status.ready);
    assert.deepEqual([await hit(second), await hit(second)], [await hit(first), await hit(first)]);
    // A project whose voice is gone gets no other one instead.
    const text = (await readFile(file)).toString('latin1');
    assert.match(text, /voice tiny\n/);
    await writeFile(file, text.replace('voice tiny', 'voice gone'), 'latin1');
    const third = set.host('clap');
    await third.tell('load', file);
    await third.tell('activate', 48_000, 256);
    await third.until('Status', Status.unknownVoice);
    await third.tell('idle', 0.3);
    assert.ok(isSilent(await third.play(CLIP, [[0, 48, 127]])));
    // Unless it follows the active one.
    await third.set({ Follow_voice: 1 });
    await third.until('Status', Status.ready);
    assert.ok(!isSilent(await third.play(CLIP, [[0, 48, 127]])));
    // From the start of the transport it is the first clip again.
    await second.tell('playing', 1);
    assert.deepEqual(await hit(second), heard[0]);
  });

  test('a key that is hit faster than clips are made plays what is there once more', async (t) => {
    const host = await readyHost(stage(t), 'vst3', { Prefetch: 1, Seed: 4711 });
    const notes = Array.from({ length: 8 }, (_, i): [number, number, number] => [i * CLIP, 48, 127]);
    const sound = await host.play(9 * CLIP, notes);
    const hits = notes.map(([frame]) => sound.subarray(frame, frame + CLIP));
    assert.ok(hits.every((hit) => !isSilent(hit)));
    assert.equal(await host.get('Notes_missed'), 0);
    // Two clips at most were ready, the first and the next; all the rest came again.
    assert.ok(hits.slice(2).filter((hit) => holds(hit, hits[0]!, 0) || holds(hit, hits[1]!, 0)).length >= 4);
  });

  test('a little variation keeps the body of the first clip', async (t) => {
    const set = stage(t);
    const host = await readyHost(set, 'clap', { Variation: 30 });
    const first = await host.play(CLIP, [[0, 48, 127]]);
    await host.tell('idle', 0.1);
    await host.until('Status', Status.ready);
    const varied = await host.play(CLIP, [[0, 48, 127]]);
    assert.notDeepEqual(varied, first);
    const client = await connect(set.ws, { codec: 'msgpack', WebSocket: WebSocket as never });
    const codes: number[] = [];
    const onEvent = (event: string, data: Record<string, unknown>): void => {
      if (event === 'row') codes.push(...(data.codes as number[]));
    };
    await client.call('foley.generate', { class: 0, seed: 65_536 }, { onEvent });
    const chunks: Uint8Array[] = [];
    const keep = (event: string, data: Record<string, unknown>): void => {
      if (event === 'audio') chunks.push(data.pcm as Uint8Array);
    };
    await client.call(
      'foley.vary',
      { class: 0, codes, amount: 0.3, seed: 65_537, rate: 48_000, format: 'f32' },
      { onEvent: keep },
    );
    client.close();
    const bytes = Buffer.concat(chunks);
    const reference = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const { lag, residual } = compare(varied, reference, 8);
    assert.equal(lag, 0);
    assert.ok(residual < -25, `${residual} dB`);
  });
});
