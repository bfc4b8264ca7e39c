import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { move, Trash } from './trash.ts';

const DAY = 86_400_000;

async function world(t: TestContext, bounds: { days?: number; maxBytes?: number } = {}) {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-trash-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const dir = path.join(root, 'trash');
  let now = 1000 * DAY;
  const open = () =>
    new Trash({
      dir,
      days: 30,
      maxBytes: 1000,
      ...bounds,
      now: () => now,
      log: (_, message, fields) => assert.fail(`${message}: ${fields?.err}`),
    });
  const trash = open();
  /** Deletes a file of so many bytes. */
  const drop = async (id: string, bytes: number) => {
    await writeFile(path.join(root, 'a'), Buffer.alloc(bytes));
    return trash.put('clip', id, (into) => move(path.join(root, 'a'), path.join(into, `${id}.wav`)));
  };
  const pass = (ms: number): void => {
    now += ms;
  };
  const ids = async (): Promise<string[]> => (await trash.list()).map(({ id }) => id);
  return { root, dir, trash, open, drop, ids, pass };
}

test('what is deleted can be restored for as many days as are set, and is gone then', async (t) => {
  const { drop, ids, pass, dir, trash } = await world(t);
  assert.equal((await drop('old', 10))?.until, 1030 * DAY);
  pass(29 * DAY);
  await drop('young', 10);
  assert.deepEqual(await ids(), ['young', 'old']);
  pass(DAY);
  assert.deepEqual(await ids(), ['young']);
  trash.open();
  await trash.close();
  assert.deepEqual(await readdir(dir), [`${1029 * DAY}-clip-young`]);
});

test('a clock that is set months forward, or back, deletes nothing for good', async (t) => {
  const { root, dir } = await world(t);
  const clock = { now: 1000 * DAY, passed: 0 };
  const log = (): void => undefined;
  const trash = new Trash({ dir, days: 30, maxBytes: 1000, log, now: () => clock.now, steady: () => clock.passed });
  const drop = async (id: string) => {
    await writeFile(path.join(root, 'a'), 'x');
    await trash.put('clip', id, (into) => move(path.join(root, 'a'), path.join(into, `${id}.wav`)));
  };
  const ids = async () => (await trash.list()).map(({ id }) => id).sort();
  await drop('before');
  clock.now = 2000 * DAY;
  await drop('ahead');
  assert.deepEqual(await ids(), ['ahead', 'before']);
  clock.now = 500 * DAY;
  await drop('behind');
  assert.deepEqual(await ids(), ['ahead', 'before', 'behind']);
  clock.now = 1031 * DAY;
  assert.equal((await readdir(dir)).length, 3);
  // Both agree.
  clock.passed = 31 * DAY;
  await drop('after');
  assert.deepEqual(await ids(), ['after', 'ahead']);
});

test('the oldest goes when the trash is too large, and what is larger by itself is deleted at once', async (t) => {
  const { drop, ids, pass, dir } = await world(t);
  await drop('a', 600);
  pass(1);
  await drop('b', 300);
  pass(1);
  assert.notEqual(await drop('c', 200), null);
  assert.deepEqual(await ids(), ['c', 'b']);
  pass(1);
  assert.equal(await drop('huge', 1001), null);
  assert.equal((await readdir(dir)).length, 0);
});

test('an item that was not moved whole is none, and what cannot be moved stays where it is', async (t) => {
  const { root, dir, trash, open, drop } = await world(t);
  await drop('whole', 5);
  await mkdir(path.join(dir, `${1000 * DAY}-voice-half`));
  await mkdir(path.join(dir, 'notes'));
  await assert.rejects(
    trash.put('voice', 'v', () => move(path.join(root, 'v'), path.join(dir, 'v'))),
    { code: 'ENOENT' },
  );
  assert.deepEqual(
    (await open().list()).map(({ kind, id, bytes }) => [kind, id, bytes]),
    [['clip', 'whole', 5]],
  );
});

test('two things of one id are two items, and the later is found first', async (t) => {
  const { root, trash, drop } = await world(t);
  await drop('a', 1);
  await drop('a', 2);
  const found = await trash.find('clip', 'a');
  assert.equal(found?.bytes, 2);
  await trash.take(found, (from) => move(path.join(from, 'a.wav'), path.join(root, 'b')));
  assert.equal((await trash.find('clip', 'a'))?.bytes, 1);
  await trash.empty(await trash.list());
  assert.deepEqual(await trash.list(), []);
});
