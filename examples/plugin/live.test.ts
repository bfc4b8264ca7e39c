/** Notes that begin while their clips are being made, and sounds that last as long as a key is held. */
import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import { built, lacks } from './tests/build.ts';
import { Host } from './tests/host.ts';
import { RATE, roughest, Scripted, tone } from './tests/scripted.ts';
import { energy, holds, isSilent, onset } from './tests/sound.ts';
import { readyHost, Status, withServer } from './tests/stage.ts';

/** Of the own zone, whose key is no white one. */
const KEY = 49;
const CLASS = 5;
/** The steepest step of the tone at the host's rate, and a little. */
const SMOOTH = 0.3 * ((2 * Math.PI * 200) / 48_000) * 1.6;

async function coldHost(
  t: TestContext,
  values: Record<string, number> = {},
): Promise<{ host: Host; server: Scripted }> {
  const server = await new Scripted(t).up();
  const host = new Host(t, 'clap', '/tmp', { FOLEYD_URL: server.url });
  await host.set({ Class: CLASS, Rolling_seed: 0, ...values });
  await host.tell('activate', 48_000, 256);
  await host.until('Status', values.Hold === 1 ? Status.ready : Status.fetching);
  return { host, server };
}

const own = ({ class: cls, seed }: Record<string, unknown>): boolean =>
  cls === CLASS && Number(seed) % 65_536 === 8 << 12;

describe('notes that are played while they are made', { skip: lacks() }, () => {
  before(built);

  test('a note that nothing is ready for begins with the first part of its clip, and sounds as the whole does', async (t) => {
    const { host, server } = await coldHost(t);
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.02);
    const request = await server.next('foley.generate', own);
    const sound = tone(1);
    server.part(request, sound, 0, 4000);
    let early = new Float32Array(0);
    // How long it is held back follows how long the first part took.
    while (onset(early) < 0 && early.length < 24_000) {
      await host.tell('hear', 0.03);
      early = new Float32Array([...early, ...(await host.dump())]);
    }
    assert.ok(onset(early) > 0, 'it sounds before its end is made');
    for (let at = 4000; at < sound.length; at = Math.min(at + 6000, sound.length)) {
      server.part(request, sound, at, Math.min(at + 6000, sound.length));
      await host.tell('hear', 0.05);
    }
    await host.tell('hear', 1.2);
    const rest = await host.dump();
    const live = new Float32Array([...early, ...rest]);
    assert.deepEqual([await host.get('Underruns'), await host.get('Notes_missed')], [0, 0]);
    const whole = await host.play(60_000, [[0, KEY, 127]]);
    assert.ok(energy(whole) > 0);
    assert.ok(holds(live, whole.subarray(0, 48_000), onset(live) - onset(whole)));
  });

  test('a note that waits is asked for first, and others wait until its clip is there', async (t) => {
    const { host, server } = await coldHost(t);
    // What is asked for beforehand is not answered.
    for (let i = 0; i < 3; i++) await server.next('foley.generate');
    assert.equal(server.requests.length, 0);
    await host.tell('note', 0, KEY, 127);
    await host.tell('idle', 0.1);
    const request = await server.next('foley.generate', own);
    assert.deepEqual(server.requests, []);
    server.part(request, tone(0.4), 0, Math.round(0.4 * RATE));
    await host.tell('hear', 0.1);
    assert.ok(!isSilent(await host.dump()));
  });

  test('what is fetched ahead stands back, and what a note waits for is asked for anew to sound as it comes', async (t) => {
    const { host, server } = await coldHost(t);
    const ahead = [];
    for (let i = 0; i < 3; i++) ahead.push(await server.next('foley.generate'));
    assert.deepEqual(
      ahead.map(({ args }) => [args.patient, args.live]),
      ahead.map(() => [true, undefined]),
    );
    const [first] = ahead;
    const key = [48, 50, 52, 53, 55, 57, 59, 60][Number(first!.args.class)]!;
    await host.tell('note', 0, key, 127);
    await host.tell('hear', 0.05);
    assert.equal((await server.next('foley.cancel')).args.request, first!.id);
    const { args } = await server.next('foley.generate');
    assert.deepEqual([args.seed, args.live, args.patient], [first!.args.seed, true, undefined]);
  });

  test('an older server, which knows of no haste, is asked without', async (t) => {
    const { host, server } = await coldHost(t);
    const refused = await server.next('foley.generate');
    for (let i = 1; i < 3; i++) await server.next('foley.generate');
    server.answer(refused, 'failed', { code: 'bad_args', message: 'args.patient: unknown' });
    const again = await server.next('foley.generate');
    assert.deepEqual([again.args.seed, again.args.patient], [refused.args.seed, undefined]);
    await host.quit();
  });

  test('a bounce has the clip of its seed, not the one that was made for a note that waited', async (t) => {
    const { host, server } = await coldHost(t);
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.02);
    const sound = tone(0.4);
    server.part(await server.next('foley.generate', own), sound, 0, sound.length);
    await host.tell('hear', 0.6);
    await host.dump();
    server.requests.length = 0;
    await host.set({ Render_wait: 20 });
    await host.tell('guard', 0);
    const bounced = host.play(30_000, [[100, KEY, 127]]);
    const request = await server.next('foley.generate', own);
    assert.equal(request.args.live, undefined);
    server.part(request, sound, 0, sound.length);
    assert.ok(!isSilent(await bounced));
  });

  test('a clip that is not made in time fades out, is counted, and is whole at the next note', async (t) => {
    const { host, server } = await coldHost(t);
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.02);
    const request = await server.next('foley.generate', own);
    const sound = tone(1);
    server.part(request, sound, 0, 6000);
    await host.tell('hear', 0.9);
    const heard = await host.dump();
    assert.equal(await host.get('Underruns'), 1);
    assert.ok(!isSilent(heard));
    assert.ok(roughest(heard) < SMOOTH, `a step of ${roughest(heard)}`);
    assert.ok(isSilent(heard.subarray(-4800)));
    server.part(request, sound, 6000, sound.length);
    await host.tell('idle', 0.1);
    const whole = await host.play(60_000, [[0, KEY, 127]]);
    assert.ok(!isSilent(whole.subarray(40_000, 47_000)));
    assert.equal(await host.get('Underruns'), 1);
  });

  test('a connection that breaks within a clip fades it out, and the clip is asked for again', async (t) => {
    const { host, server } = await coldHost(t);
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.02);
    const sound = tone(1);
    server.part(await server.next('foley.generate', own), sound, 0, 6000);
    await host.tell('hear', 0.1);
    server.cut();
    await host.tell('hear', 0.5);
    const heard = await host.dump();
    assert.ok(!isSilent(heard) && isSilent(heard.subarray(-4800)));
    assert.ok(roughest(heard) < SMOOTH);
    assert.equal(await host.get('Underruns'), 1);
    await host.tell('note', 0, KEY, 127);
    await host.tell('idle', 0.05);
    server.part(await server.next('foley.generate', own), sound, 0, sound.length);
    await host.tell('hear', 0.3);
    assert.ok(!isSilent(await host.dump()));
  });

  test('a bounce waits for the whole clip', async (t) => {
    const { host, server } = await coldHost(t, { Render_wait: 20 });
    await host.tell('guard', 0);
    const bounced = host.play(60_000, [[100, KEY, 127]]);
    const request = await server.next('foley.generate', own);
    const sound = tone(1);
    server.part(request, sound, 0, 6000);
    await new Promise((go) => setTimeout(go, 100));
    server.part(request, sound, 6000, sound.length);
    const heard = await bounced;
    assert.ok(isSilent(heard.subarray(0, 100)));
    assert.equal(onset(heard) > 0 && onset(heard) < 110, true);
    assert.ok(!isSilent(heard.subarray(40_000, 48_000)));
    assert.equal(await host.get('Underruns'), 0);
  });

  test('a held key plays a sound without end that is changed and ended', async (t) => {
    const { host, server } = await coldHost(t, { Hold: 1, Rolling_seed: 1 });
    // Those asked for before the host set the parameter.
    server.requests.length = 0;
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.02);
    const request = await server.next('stream.start', own);
    assert.deepEqual(server.requests, [], 'no clips are made ahead where keys are held');
    const sound = tone(2);
    const send = (from: number, to: number): void =>
      server.flow(request, sound.subarray(from * RATE, to * RATE), Math.round(from * RATE));
    send(0, 0.5);
    await host.tell('hear', 0.3);
    assert.ok(!isSilent(await host.dump()));
    await host.set({ Temperature: 0.5, Class: 2 });
    await host.tell('hear', 0.1);
    const { args } = await server.next('stream.set', ({ temperature }) => temperature === 0.5);
    assert.equal(args.stream, `stream-${request.id}`);
    // Too little comes: it waits, is counted, and goes on.
    await host.tell('hear', 0.4);
    assert.equal(await host.get('Underruns'), 1);
    send(0.5, 1);
    await host.tell('hear', 0.2);
    send(1, 1.5);
    await host.tell('hear', 0.2);
    const before = await host.dump();
    assert.ok(!isSilent(before.subarray(-1000)));
    assert.ok(roughest(before) < SMOOTH, `a step of ${roughest(before)}`);
    await host.tell('note', 0, KEY, 0);
    await host.tell('hear', 0.2);
    const after = await host.dump();
    assert.ok(!isSilent(after.subarray(0, 2400)) && isSilent(after.subarray(2 * 2400)));
    assert.ok(roughest(after) < SMOOTH);
    assert.equal((await server.next('foley.cancel')).args.request, request.id);
    // The next hold has a seed of its own.
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.05);
    assert.equal(Number((await server.next('stream.start')).args.seed), Number(request.args.seed) + 1);
  });

  test('what a held key has not played yet is replaced, and what comes too late for that fades in', async (t) => {
    const { host, server } = await coldHost(t, { Hold: 1 });
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.02);
    const request = await server.next('stream.start', own);
    assert.equal(request.args.revise, true);
    const loud = tone(4);
    const frame = (seconds: number): number => Math.round(seconds * RATE);
    /** The same tone, at a tenth from 1 s on. */
    const soft = loud.map((x, i) => x * (1 - 0.9 * Math.min(1, Math.max(0, (i - frame(1)) / 400))));
    const level = (sound: Float32Array): number => Math.sqrt(energy(sound) / sound.length);
    server.flow(request, loud.subarray(0, frame(2)), 0);
    await host.tell('hear', 0.3);
    const before = await host.dump();
    server.flow(request, soft.subarray(frame(1), frame(2.5)), frame(1));
    await host.tell('hear', 1.2);
    const replaced = await host.dump();
    // It would be loud for two seconds.
    assert.ok(level(replaced.subarray(-4800)) < 0.2 * level(before.subarray(-4800)));
    assert.ok(level(replaced.subarray(0, 4800)) > 0.9 * level(before.subarray(-4800)));
    server.flow(request, loud.subarray(frame(0.2), frame(4)), frame(0.2));
    await host.tell('hear', 0.3);
    const late = await host.dump();
    assert.ok(level(late.subarray(-4800)) > 0.9 * level(before.subarray(-4800)));
    for (const sound of [before, replaced, late]) assert.ok(roughest(sound) < SMOOTH, `a step of ${roughest(sound)}`);
    assert.equal(await host.get('Underruns'), 0);
  });

  test('a server that is older than replaced sound is asked again without', async (t) => {
    const { host, server } = await coldHost(t, { Hold: 1 });
    server.older = true;
    await host.tell('note', 0, KEY, 127);
    await host.tell('hear', 0.1);
    const { args } = await server.next('stream.start', (asked) => asked.revise === undefined);
    assert.equal(args.class, CLASS);
  });

  test('of more keys than a server streams the oldest makes room, and a broken connection begins them again', async (t) => {
    const { host, server } = await coldHost(t, { Hold: 1 });
    const started = async (count: number): Promise<unknown[]> => {
      const classes: unknown[] = [];
      while (classes.length < count) classes.push((await server.next('stream.start')).args.class);
      return classes.sort();
    };
    for (const key of [48, 50, 52, 53]) await host.tell('note', 0, key, 100);
    await host.tell('hear', 0.1);
    assert.deepEqual(await started(4), [0, 1, 2, 3]);
    await host.tell('note', 0, 55, 100);
    await host.tell('hear', 0.1);
    await server.next('foley.cancel');
    assert.deepEqual(await started(1), [4]);
    server.cut();
    await host.tell('hear', 0.4);
    assert.deepEqual(await started(4), [1, 2, 3, 4]);
  });
});

withServer('keys that are held, with a server', (stage) => {
  test('a voice that makes clips only plays a clip', async (t) => {
    const set = stage(t);
    await (await readyHost(set, 'clap')).quit();
    const host = await readyHost(set, 'clap', { Hold: 1 });
    await host.tell('note', 0, 48, 127);
    await host.tell('hear', 1);
    // On a machine that is busy its half second may be over.
    assert.equal(isSilent(await host.dump()), (await host.get('Notes_missed')) > 0);
    await host.until('Status', Status.ready);
    await host.tell('note', 0, 48, 127);
    await host.tell('hear', 0.3);
    assert.ok(!isSilent(await host.dump()));
  });

  test('a held key sounds until it is let go, on a real server, and a bounce of it is the same each time', async (t) => {
    const set = stage(t);
    const { ws } = await set.place.serve('--voice', 'tiny-stacked', '--data', `${set.place.dir}/stacked`);
    for (const format of ['clap', 'vst3'] as const) {
      const host = set.host(format, { FOLEYD_URL: ws });
      await host.set({ Hold: 1, Render_wait: 20, Rolling_seed: 0 });
      await host.tell('guard', 0);
      await host.tell('activate', 48_000, 256);
      await host.until('Status', Status.ready);
      const bounce = async (): Promise<Float32Array> => {
        await host.tell('note', 77, 50, 127);
        await host.tell('run', 96_000);
        await host.tell('note', 0, 50, 0);
        await host.tell('run', 9600);
        return host.dump();
      };
      const heard = await bounce();
      assert.ok(isSilent(heard.subarray(0, 77)) && !isSilent(heard.subarray(77, 400)));
      for (let at = 400; at < 96_000; at += 4800) assert.ok(!isSilent(heard.subarray(at, at + 4800)), `${at}`);
      assert.ok(isSilent(heard.subarray(96_000 + 2 * 2400)));
      assert.equal(await host.get('Underruns'), 0);
      assert.deepEqual(await bounce(), heard);
      await host.quit();
    }
  });
});
