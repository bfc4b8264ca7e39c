/** A file that could not be read counted as absent, and the next write replaced it. */
import assert from 'node:assert/strict';
import { mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ProtocolError } from '../../../protocol/index.ts';
import { ClipStore, type ClipStoreOptions } from '../../clips/store.ts';
import { Tokens, tokensFile } from '../../network/access/tokens.ts';
import { DataSets } from '../../training/datasets.ts';
import { MapStore } from '../../triggers/store.ts';
import { readIfThere } from '../../util/persistent-file.ts';
import { Trash } from '../../util/trash.ts';
import { ActiveVoices } from '../../voices/active.ts';
import { VoiceCatalog } from '../../voices/catalog.ts';
import { temporary } from '../support/server.ts';

const io = (error: unknown): boolean => error instanceof ProtocolError && error.code === 'io_error';

/** A link to itself: no user, not even root, can read it, and the disk does not say that it is absent. */
async function unreadable(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await symlink(path.basename(file), file);
}

test('only a file that the disk says is not there is absent', async (t) => {
  const dir = await temporary(t);
  assert.equal(await readIfThere(path.join(dir, 'none')), null);
  await unreadable(path.join(dir, 'loop'));
  await assert.rejects(readIfThere(path.join(dir, 'loop')), { code: 'ELOOP' });
});

test('maps and active voices that cannot be read are told of and set aside by the next write, not replaced', async (t) => {
  const dir = await temporary(t);
  const problems: string[] = [];
  const log = (_level: string, message: string): void => void problems.push(message);
  for (const name of ['triggers.json', 'active.json']) await unreadable(path.join(dir, name));
  const maps = new MapStore(path.join(dir, 'triggers.json'), log);
  assert.deepEqual(await maps.load(), []);
  const active = await ActiveVoices.open(path.join(dir, 'active.json'), 'default', false, log);
  assert.equal(problems.length, 2);
  assert.equal(await readlink(path.join(dir, 'triggers.json')), 'triggers.json', 'until then it stays in its place');
  await maps.save([]);
  await maps.save([]);
  await active.push('other');
  for (const name of ['triggers.json', 'active.json'])
    assert.equal(await readlink(path.join(dir, `${name}.broken`)), name);
  assert.deepEqual(JSON.parse(await readFile(path.join(dir, 'active.json'), 'utf8')), ['default', 'other']);
  assert.equal(problems.length, 4);
});

const clip = (): Parameters<ClipStore['save']>[0] => ({
  pcm: new Float32Array(10),
  rate: 22_050,
  format: 's16',
  recipe: {
    voice: '0'.repeat(64),
    voiceId: 'v',
    class: 'Rain',
    classWeights: [1],
    seed: 1,
    temperature: 1,
    topK: 0,
    topP: 1,
    rate: 22_050,
  },
});

async function clips(t: Parameters<typeof temporary>[0], more: Partial<ClipStoreOptions> = {}) {
  const dir = await temporary(t);
  const problems: string[] = [];
  const open = (): Promise<ClipStore> =>
    ClipStore.open({
      dir,
      encode: () => new Uint8Array(100),
      maxClips: 100,
      maxBytes: 1e9,
      ...more,
      log: (_, message) => problems.push(message),
    });
  const store = await open();
  const saved = [await store.save(clip()), await store.save(clip())];
  return { dir, problems, open, saved, sidecar: path.join(dir, `${saved[0]!.id}.json`) };
}

test('a sidecar that cannot be read is never replaced: the star is refused, and the clip is not swept away', async (t) => {
  const { problems, open, saved, sidecar } = await clips(t);
  const text = await readFile(sidecar, 'utf8');
  // As large as none may be: to the store as good as a disk that does not give it.
  await writeFile(sidecar, text.padEnd(9 * 2 ** 20));
  const [id, other] = saved.map((one) => one.id);
  const store = await open();
  assert.equal(problems.length, 1);
  await assert.rejects(store.change(id!, { starred: true }), io);
  await assert.rejects(store.get(id!), io);
  await writeFile(sidecar, text);
  assert.equal((await store.change(id!, { starred: true })).recipe?.seed, 1, 'once it can be read all is well');
  await writeFile(sidecar, 'x'.repeat(9 * 2 ** 20));
  const full = await ClipStore.open({
    dir: path.dirname(sidecar),
    encode: () => new Uint8Array(1),
    maxClips: 1,
    maxBytes: 1e9,
    log: () => undefined,
  });
  assert.deepEqual([(await full.find(id!))?.id, await full.find(other!)], [id, null], 'it may be starred');
});

test('a sidecar that makes no sense is set aside by the change that would replace it', async (t) => {
  const { open, saved, sidecar } = await clips(t);
  await writeFile(sidecar, '{"format":"foleyd-clip","version":2}');
  await (await open()).change(saved[0]!.id, { starred: true });
  assert.equal(await readFile(`${sidecar}.broken`, 'utf8'), '{"format":"foleyd-clip","version":2}');
  assert.equal(JSON.parse(await readFile(sidecar, 'utf8')).starred, true);
});

test('a data set that cannot be read is an io_error, and its name is taken', async (t) => {
  const dir = await temporary(t);
  await unreadable(path.join(dir, 'mine', 'dataset.json'));
  const unused = undefined as never;
  const sets = new DataSets({ dir, finder: unused, room: unused, hours: 1 });
  await assert.rejects(sets.get('mine'), io);
  const given = { id: 'mine', folder: dir, class: null, seconds: 4, licence: '', author: '', notes: '', source: '' };
  await assert.rejects(
    sets.add(given, () => undefined, new AbortController().signal),
    (error) => error instanceof ProtocolError && error.code === 'already_exists',
  );
});

test('a file of tokens that can no longer be looked at opens nothing, and ends no server', async (t) => {
  const data = await temporary(t);
  const said: string[] = [];
  const log = (level: string): void => void said.push(level);
  const tokens = new Tokens({ data, given: { admin: 'given-by-hand' }, machine: null, strict: false, log });
  const changes: boolean[] = [];
  // A watcher calls back by a timer: what is thrown there ends the process.
  t.after(tokens.watch(() => changes.push(tokens.isOpen)));
  assert.equal(tokens.isOpen, true);
  await unreadable(tokensFile(data));
  assert.throws(() => tokens.grant(null, true), { code: 'unauthorized' });
  assert.equal(tokens.grant('given-by-hand', true).role, 'admin');
  assert.deepEqual(said, ['error'], 'it is told once');
  await rm(tokensFile(data));
  assert.equal(tokens.grant(null, true).role, 'play');
  assert.deepEqual(changes, [false, true]);
});

test('a trash that cannot be read is told of, ends no server, and is read again', async (t) => {
  const dir = path.join(await temporary(t), 'trash');
  await unreadable(dir);
  const said: string[] = [];
  const log = (_level: string, message: string): void => void said.push(message);
  const trash = new Trash({ dir, days: 30, maxBytes: 1e6, log });
  trash.open();
  await trash.close();
  assert.deepEqual(said, ['the trash could not be read']);
  await assert.rejects(trash.list(), { code: 'ELOOP' });
  await rm(dir);
  // A link in what was deleted is no file of ours, wherever it leads.
  const item = path.join(dir, `${Date.now()}-dataset-d`);
  await unreadable(path.join(item, 'd', 'loop'));
  assert.deepEqual(
    (await trash.list()).map(({ id }) => id),
    ['d'],
  );
});

test('a voice whose card or folder cannot be read is not said to be missing', async (t) => {
  const root = await temporary(t);
  await unreadable(path.join(root, 'rain', 'card.json'));
  await unreadable(path.join(root, 'dogs'));
  const catalog = new VoiceCatalog({ roots: [root], active: () => 'rain', log: () => undefined });
  for (const id of ['rain', 'dogs']) await assert.rejects(catalog.find(id), { code: 'io_error' });
  await assert.rejects(catalog.find('none'), { code: 'unknown_voice' });
});
