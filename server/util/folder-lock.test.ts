import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FolderHeldError, FolderLock } from './folder-lock.ts';

let base: string;
before(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'foleyd-lock-'));
});
after(() => rm(base, { recursive: true, force: true }));

const folder = (): Promise<string> => mkdtemp(path.join(base, 'data-'));
const locks = async (dir: string): Promise<string[]> => (await readdir(dir)).sort();

/** A process that holds the folder until it is ended. */
async function holderOf(dir: string): Promise<ChildProcess> {
  const code = `
    import { FolderLock } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)};
    await new FolderLock(process.env.DIR).claim();
    process.send('held');
    setInterval(() => {}, 1000);`;
  const file = path.join(dir, 'holder.mjs');
  await writeFile(file, code);
  const child = fork(file, { execArgv: ['--import', import.meta.resolve('tsx')], env: { ...process.env, DIR: dir } });
  await once(child, 'message');
  return child;
}

test('a folder has one owner until it is released', async () => {
  const dir = await folder();
  const [one, other] = [new FolderLock(dir), new FolderLock(dir)];
  await one.claim();
  await one.announce('http://127.0.0.1:9247');
  await assert.rejects(other.claim(), (error: FolderHeldError) => {
    assert.deepEqual([error.holder.pid, error.holder.http], [process.pid, 'http://127.0.0.1:9247']);
    return error instanceof FolderHeldError;
  });
  await one.release();
  await other.claim();
  assert.deepEqual([one.held, other.held], [false, true]);
  assert.deepEqual(await locks(dir), ['owner-2.json'], 'only the newest file stays');
  await other.release();
});

test('a lock file that somebody removed is there again, and a folder that another took meanwhile is left to it', async () => {
  const dir = await folder();
  const [one, other] = [new FolderLock(dir), new FolderLock(dir)];
  await one.claim();
  await one.announce('http://127.0.0.1:9247');
  const file = path.join(dir, 'owner-1.json');
  const said = await readFile(file, 'utf8');
  await rm(file);
  await one.beat();
  assert.equal(await readFile(file, 'utf8'), said);
  await assert.rejects(other.claim(), FolderHeldError);
  // Before the next sign of life somebody else may come, and begins with the same number.
  await writeFile(file, JSON.stringify({ ...JSON.parse(said), pid: process.ppid }));
  await one.beat();
  assert.equal(one.held, false);
});

test('of many that claim at the same moment exactly one gets the folder, new or released', async () => {
  for (const isNew of [true, false]) {
    const dir = await folder();
    if (!isNew) await writeFile(path.join(dir, 'owner-7.json'), '');
    const all = Array.from({ length: 12 }, () => new FolderLock(dir));
    const ends = await Promise.allSettled(all.map((lock) => lock.claim()));
    assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(all.filter(({ held }) => held).length, 1);
    await all.find(({ held }) => held)?.release();
  }
});

test('a process that was killed holds nothing, and a later process with its pid is another one', async () => {
  const dir = await folder();
  const child = await holderOf(dir);
  const lock = new FolderLock(dir);
  await assert.rejects(lock.claim(), { name: 'FolderHeldError' });
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  const [file] = (await locks(dir)).filter((name) => name.startsWith('owner-'));
  const left = JSON.parse(await readFile(path.join(dir, file!), 'utf8')) as { pid: number };
  // As if the system had given the pid to this process since.
  if (process.platform !== 'win32')
    await writeFile(path.join(dir, file!), JSON.stringify({ ...left, pid: process.pid }));
  await lock.claim();
  assert.equal(lock.held, true);
  await lock.release();
});

test('a lock file that makes no sense holds nothing', async () => {
  const dir = await folder();
  await writeFile(path.join(dir, 'owner-3.json'), 'no JSON');
  const lock = new FolderLock(dir);
  await lock.claim();
  assert.deepEqual(await locks(dir), ['owner-4.json']);
  await lock.release();
});

test('of a sign of life that is ahead of the date only a further one counts', async () => {
  const dir = await folder();
  const file = path.join(dir, 'owner-1.json');
  await writeFile(file, JSON.stringify({ pid: 1, start: null, place: 'another machine', http: null }));
  let ahead = 86_400;
  const beat = async (): Promise<void> => {
    const date = Date.now() / 1000 + ahead++;
    await utimes(file, date, date);
  };
  await beat();
  const lock = new FolderLock(dir, 200);
  const beating = setInterval(() => void beat(), 20);
  await assert.rejects(lock.claim(), FolderHeldError);
  clearInterval(beating);
  await lock.claim();
  assert.deepEqual(await locks(dir), ['owner-2.json']);
  await lock.release();
});
