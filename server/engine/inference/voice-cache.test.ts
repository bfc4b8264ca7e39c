import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { voiceDir } from '../fixtures.ts';
import { parseCard, readCardText } from './card.ts';
import type { Voice } from './voice.ts';
import { memoryOf, VoiceCache } from './voice-cache.ts';

/** Copies of one fixture's card, and a cache with room for so many of them, that only records what it opens and closes. */
async function cache(t: TestContext, room: number) {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-cache-'));
  t.after(() => rm(root, { recursive: true }));
  const dirs: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    await cp(path.join(voiceDir('tiny'), 'card.json'), path.join(root, name, 'card.json'));
    dirs.push(path.join(root, name));
  }
  const each = memoryOf(parseCard(await readCardText(dirs[0]!)));
  const told: string[] = [];
  const known = new VoiceCache(room * each, async (dir) => {
    const name = path.basename(dir);
    told.push(`+${name}`);
    const close = async () => void told.push(`-${name}`);
    return { cardText: await readCardText(dir), close } as unknown as Voice;
  });
  const use = async (dir: string): Promise<void> => (await known.take(dir)).leave();
  const names = () => known.dirs().map((dir) => path.basename(dir));
  return { dirs, known, use, told, names };
}

test('the least recently used goes, before the next one is loaded', async (t) => {
  const { dirs, use, told, names } = await cache(t, 2);
  const [a, b, c] = dirs as [string, string, string];
  for (const dir of [a, b, a, c, a]) await use(dir);
  assert.deepEqual(told, ['+a', '+b', '-b', '+c']);
  assert.deepEqual(names(), ['c', 'a']);
});

test('a voice in use stays, however little room there is, and goes once it is left', async (t) => {
  const { dirs, known, told, names } = await cache(t, 1);
  const [a, b, c] = await Promise.all(dirs.slice(0, 3).map((dir) => known.take(dir)));
  assert.deepEqual(told, ['+a', '+b', '+c']);
  await b!.leave();
  await sleep(5);
  assert.deepEqual(names(), ['a', 'c']);
  await a!.leave();
  await c!.leave();
  await sleep(5);
  assert.deepEqual(told, ['+a', '+b', '+c', '-b', '-a']);
  assert.deepEqual(names(), ['c']);
});

test('one voice that is larger than all the room is loaded all the same', async (t) => {
  const { dirs, use, names } = await cache(t, 0.1);
  await use(dirs[0]!);
  await use(dirs[1]!);
  assert.deepEqual(names(), ['b']);
});

test('a card that is written anew as it was is the same voice, and one of as many bytes is not', async (t) => {
  const { dirs, use, told } = await cache(t, 4);
  const [a] = dirs as [string];
  const file = path.join(a, 'card.json');
  await use(a);
  const text = await readCardText(a);
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
  await use(a);
  assert.deepEqual(told, ['+a']);
  const other = text.replace('tiny', 'tidy');
  assert.notEqual(other, text);
  await writeFile(`${file}.new`, other);
  await rename(`${file}.new`, file);
  await use(a);
  assert.deepEqual(told, ['+a', '-a', '+a']);
});

test('a voice whose card has changed is another one, and one whose card is gone is let go', async (t) => {
  const { dirs, known, use, told, names } = await cache(t, 4);
  const [a] = dirs as [string];
  const user = await known.take(a);
  await writeFile(path.join(a, 'card.json'), `${await readCardText(a)} `);
  await use(a);
  assert.deepEqual(told, ['+a', '+a']);
  await user.leave();
  assert.deepEqual(told, ['+a', '+a', '-a']);
  await rm(a, { recursive: true });
  await assert.rejects(use(a), { code: 'voice_missing' });
  assert.deepEqual([names(), told.at(-1)], [[], '-a']);
});
