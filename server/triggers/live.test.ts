/** Hits of maps with no clip ready, where a clip can be heard while it is made. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Hit, parseArgs, type TriggerMap, type Underrun } from '../../protocol/index.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { TriggerBank } from './bank.ts';
import type { ClipPart, GeneratedClip } from './generator.ts';
import { Headroom } from './headroom.ts';
import { type HeardPart, HitAudio } from './hit-audio.ts';

const RATE = 48_000;
const SECOND = new Float32Array(RATE).fill(0.1);
const now = { velocity: 1, at: null, wait: true };

interface Asked {
  /** The next second of four. */
  give(): Promise<void>;
  /** A part that is too short to become a sample of another rate. */
  giveLittle(): Promise<void>;
  fail(): Promise<void>;
}

/** A bank whose pools get nothing and whose live clips come when the test gives their parts. Time passes by `pass`. */
function stage(canLive = true) {
  const playback = createOfflinePlayback({ rate: RATE, began: 1_000_000 });
  const asked: Asked[] = [];
  let seed = 0;
  const bank = new TriggerBank({
    generator: {
      check: async () => [],
      generate: (_map, _temperatures, _take, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      now: async (_, temperature) => ({ pcm: SECOND, rate: RATE, seed: 1000, temperature, guidance: 0 }),
      expectedMs: () => 60_000,
      live: async (_, temperature, hear: (part: ClipPart) => void) => {
        if (!canLive) return null;
        const clip = { seed: seed++, temperature, guidance: 0 };
        let given = 0;
        let end = { resolve: (_: GeneratedClip): void => undefined, reject: (_: unknown): void => undefined };
        const done = new Promise<GeneratedClip>((resolve, reject) => {
          end = { resolve, reject };
        });
        asked.push({
          give: async () => {
            hear({ offset: given++ * RATE, total: 4 * RATE, rate: RATE, pcm: SECOND });
            if (given === 4) end.resolve({ ...clip, pcm: new Float32Array(4 * RATE).fill(0.1), rate: RATE });
            await settle();
          },
          giveLittle: async () => {
            hear({ offset: 0, total: 4 * 22_050, rate: 22_050, pcm: new Float32Array(1) });
            await settle();
          },
          fail: async () => {
            end.reject(new Error('the engine ended'));
            await settle();
          },
        });
        return { ...clip, done };
      },
    },
    playback: async () => playback,
    save: async () => undefined,
    log: () => undefined,
    headroom: new Headroom(() => playback.now()),
  });
  const underruns: Underrun[] = [];
  bank.watch((event) => event.type === 'underrun' && underruns.push(event.underrun));
  /** The loudest sample of the next milliseconds. */
  const pass = async (ms: number): Promise<number> => {
    let most = 0;
    for (let left = (RATE * ms) / 1000; left > 0; left -= 480) {
      for (const x of playback.render(480)[0]!) most = Math.max(most, Math.abs(x));
      mock.timers.tick(10);
      await nextTurn();
    }
    await settle();
    return most;
  };
  const add = (fields: Record<string, unknown> = {}) =>
    bank.set([parseArgs('trigger.map', { id: 'pad', class: 'Rain', ...fields }) as TriggerMap]);
  const hit = async (): Promise<{ hit: Promise<Hit>; parts: Asked }> => {
    const fired = bank.fire('pad', now) as Promise<Hit>;
    fired.catch(() => undefined);
    await settle();
    return { hit: fired, parts: asked.at(-1)! };
  };
  /** A clip that is made in a tenth of its time. */
  const playFast = async (): Promise<Hit> => {
    const one = await hit();
    for (let i = 0; i < 4; i++) {
      await pass(100);
      await one.parts.give();
    }
    await pass(5000);
    return one.hit;
  };
  return { bank, asked, underruns, pass, add, hit, playFast, counts: () => bank.pools()[0]! };
}

mock.timers.enable({ apis: ['setTimeout'] });

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await nextTurn();
}

test('whoever hears the samples of a clip that is still being made gets them from its beginning on, until it is whole', async () => {
  const { bank, add, asked, pass } = stage();
  await add({ liveWithin: 0, gain: -20 });
  const heard: HeardPart[] = [];
  const audio = new HitAudio(false, (part) => heard.push(part));
  const fired = bank.fire('pad', { ...now, audio });
  await settle();
  await pass(500);
  await asked[0]!.give();
  assert.equal(heard.length, 0, 'held back as the output holds it back');
  assert.equal(await pass(400), 0, 'silent on the output');
  await fired;
  for (let i = 1; i < 4; i++) await asked[0]!.give();
  await audio.ended;
  // In pieces, the first of which is so short that what sounds first does not wait for the rest of its part.
  let at = 0;
  for (const { offset, total, pcm } of heard) {
    assert.deepEqual([offset, total], [at, 4 * RATE]);
    at += pcm.length;
  }
  assert.equal(at, 4 * RATE);
  assert.ok(heard.length > 4 && heard[0]!.pcm.length <= 4096, `${heard.length} pieces, ${heard[0]!.pcm.length} first`);
  assert.ok(heard.every(({ gain }) => Math.abs(gain - 0.1) < 1e-9));
});

test('a hit with no clip ready plays one that is still being made, which comes again later', async () => {
  const { add, hit, pass, counts } = stage();
  await add({ liveWithin: 0 });
  const { hit: fired, parts } = await hit();
  assert.equal(await pass(500), 0);
  await parts.give();
  assert.equal(await pass(260), 0, 'held back while nothing is known of the pace');
  assert.ok((await pass(200)) > 0);
  const { from, seed } = await fired;
  assert.deepEqual([from, seed], ['live', 0]);
  for (let i = 1; i < 4; i++) {
    await parts.give();
    assert.ok((await pass(800)) > 0);
  }
  await pass(3000);
  const again = await (await hit()).hit;
  assert.deepEqual([again.from, again.seed], ['again', 0]);
  const { played, starved, live, underruns } = counts();
  assert.deepEqual({ played, starved, live, underruns }, { played: 2, starved: 1, live: 1, underruns: 0 });
});

test('a live clip whose rest is not made in time fades out, and the client is told', async () => {
  const { add, hit, pass, underruns, counts } = stage();
  await add();
  const { hit: fired, parts } = await hit();
  await parts.give();
  await pass(1400);
  const { voice } = await fired;
  assert.equal(await pass(100), 0);
  assert.deepEqual([counts().live, counts().underruns], [1, 1]);
  const [{ seconds, ...told } = { seconds: 0 }] = underruns;
  assert.deepEqual(told, { map: 'pad', voice, seed: 0, of: 4 });
  assert.ok(seconds > 0.9 && seconds <= 1.01, `${seconds}`);
});

test('on a machine that is fast enough the sound begins with the first part, rather than another once more', async () => {
  const { add, hit, playFast } = stage();
  await add();
  await playFast();
  const { hit: fired, parts } = await hit();
  await parts.give();
  const { from, late, at } = await fired;
  assert.deepEqual([from, late], ['live', 0]);
  assert.ok(at - (1_000_000 + 400 + 5000) < 10, 'as soon as the mixer can');
});

test('where a live clip would sound too late, an earlier one is played again', async () => {
  const { add, hit, playFast } = stage();
  await add({ liveWithin: 0.05 });
  await playFast();
  assert.equal((await (await hit()).hit).from, 'again');
});

test('no more clips are live at once than the machine makes in time', async () => {
  const { add, hit, playFast, asked } = stage();
  await add({ liveWithin: 10 });
  await (await hit()).parts.give();
  const second = await hit();
  assert.equal((await second.hit).from, 'generated', 'one, while nothing is known');
  for (let i = 0; i < 3; i++) await asked[0]!.give();
  await playFast();
  for (let i = 0; i < 9; i++) await hit();
  assert.equal(asked.length, 2 + 9);
  const more = await hit();
  assert.equal((await more.hit).from, 'again', 'a tenth of the time each, less a reserve');
});

test('a clip that is made sooner than was expected is not held back any longer', async () => {
  const { add, hit, pass } = stage();
  await add();
  const { hit: fired, parts } = await hit();
  for (let i = 0; i < 4; i++) await parts.give();
  assert.equal((await fired).from, 'live');
  assert.ok((await pass(50)) > 0);
});

test('a voice that cannot be heard while it is made plays whole clips, as before', async () => {
  const { add, hit, counts } = stage(false);
  await add();
  assert.equal((await (await hit()).hit).from, 'generated');
  assert.equal(counts().live, 0);
});

test('a live clip that fails before its sound fails its hit; later it fades out', async () => {
  const { add, hit, pass, counts } = stage();
  await add();
  const first = await hit();
  await first.parts.fail();
  await assert.rejects(first.hit, /the engine ended/);
  const second = await hit();
  await second.parts.give();
  await pass(310);
  assert.equal((await second.hit).from, 'live');
  await second.parts.fail();
  await pass(2000);
  assert.equal(counts().underruns, 1);
});

test('a live clip that fails after a part of which nothing sounds yet fails its hit', { timeout: 60_000 }, async () => {
  const { add, hit } = stage();
  await add();
  const only = await hit();
  await only.parts.giveLittle();
  await only.parts.fail();
  await assert.rejects(only.hit, /the engine ended/);
});

test('a hit that may not wait gets no live clip', async () => {
  const { add, bank } = stage();
  await add();
  await assert.rejects(bank.fire('pad', { ...now, wait: false }), { code: 'pool_empty' });
});
