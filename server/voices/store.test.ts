import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { errorCodes, ProtocolError } from '../../protocol/index.ts';
import { fuzzing, mutated } from '../test/fuzz/arbitraries.ts';
import { failed } from '../test/support/failed.ts';
import { temporary } from '../test/support/server.ts';
import { writeVoice } from '../test/support/voice.ts';
import type { FileEntry } from './archive-format.ts';
import { VoiceCatalog } from './catalog.ts';
import { VoiceStore } from './store.ts';

async function world(t: TestContext, check: () => Promise<void> = async () => undefined) {
  const root = await temporary(t);
  const [own, models] = [path.join(root, 'own'), path.join(root, 'models')];
  await writeVoice(models, 'default');
  const claimed = (id: string): string | null => (id === 'claimed' ? 'training 1' : null);
  const store = new VoiceStore({ own, models, maxBytes: 100_000, freeDisk: 0, check, claimed });
  const catalog = new VoiceCatalog({ roots: [own, models], active: () => 'default', log: () => undefined });
  const bring = (file: Uint8Array, as?: string, step = file.length) =>
    store.bringIn(chunked(file, step), as, () => undefined, new AbortController().signal);
  const packed = async (id: string): Promise<Buffer> =>
    store.reading(await catalog.find(id), async ({ read, bytes }) => collected(read(0, bytes)));
  const listed = (): Promise<string[]> => readdir(own).catch(() => []);
  return { root, own, models, store, catalog, bring, packed, listed };
}

async function* chunked(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}
async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

type Listed = Omit<FileEntry, 'bytes'> & { bytes: number; data: Buffer };

/** The parts of a file, and the file of parts: as a stranger would make one. */
function parts(file: Buffer): { voice: string; files: Listed[] } {
  const begin = 16 + file.readUInt32LE(12);
  const manifest = JSON.parse(file.subarray(16, begin).toString()) as { voice: string; parts: FileEntry[][] };
  let at = begin;
  return {
    voice: manifest.voice,
    files: manifest.parts.flat().map((entry) => {
      at += entry.bytes;
      return { ...entry, data: file.subarray(at - entry.bytes, at) };
    }),
  };
}
function assembled(
  { files, ...more }: { voice: string; files: Listed[] } & Record<string, unknown>,
  base?: Listed[],
): Buffer {
  const parts = base === undefined ? [files] : [files, base];
  const listed = parts.map((part) => part.map(({ data: _, ...entry }) => entry));
  const manifest = Buffer.from(JSON.stringify({ ...more, parts: listed }));
  const head = Buffer.alloc(16);
  head.write('FOLEYVOX', 'latin1');
  head.writeUInt32LE(1, 8);
  head.writeUInt32LE(manifest.length, 12);
  return Buffer.concat([head, manifest, ...parts.flat().map(({ data }) => data)]);
}
function entry(name: string, data: Buffer): Listed {
  return { name, bytes: data.length, sha256: sha256(data), data };
}

test('a voice comes back whole, however its bytes are cut on their way', async (t) => {
  const { own, models, bring, packed } = await world(t);
  const file = await packed('default');
  for (const [i, step] of [1, 7, 4096].entries()) {
    const { voice, bytes } = await bring(file, `copy${i}`, step);
    assert.deepEqual([voice.id, bytes, voice.dir], [`copy${i}`, file.length, path.join(own, `copy${i}`)]);
    for (const name of await readdir(path.join(models, 'default'))) {
      assert.deepEqual(await readFile(path.join(voice.dir, name)), await readFile(path.join(models, 'default', name)));
    }
  }
});

test('a voice brings along the one that it was made of, and that one what it was made of', async (t) => {
  const { own, models, catalog, bring, packed, listed } = await world(t);
  const dir = path.join(models, 'twice');
  const made = async (place: string, base: string | null): Promise<string> => {
    const retrained = base === null ? {} : { retrained: { base: { id: 'default', hash: base }, kept: ['Rain'] } };
    await writeVoice(path.dirname(place), path.basename(place), retrained);
    return (JSON.parse(await readFile(path.join(place, 'card.json'), 'utf8')) as { hash: string }).hash;
  };
  await made(dir, await made(path.join(dir, 'base'), await made(path.join(dir, 'base', 'base'), null)));
  const file = await packed('twice');
  const { voice } = await bring(file, 'copy');
  assert.deepEqual(
    voice.models.map((model) => path.relative(own, model.dir)),
    ['copy', path.join('copy', 'base'), path.join('copy', 'base', 'base')],
  );
  const rain = [0, 0, 0, 0, 0, 1, 0];
  assert.equal(voice.modelFor({ classWeights: rain }).voiceDir, path.join(own, 'copy', 'base', 'base'));
  assert.equal((await catalog.find('copy')).models.length, 3);
  const again = await packed('copy');
  assert.equal(again.length, file.length + 'copy'.length - 'twice'.length);
  assert.deepEqual(await listed(), ['copy']);
});

test('a file that lies is refused, whatever it lies about, and leaves nothing', async (t) => {
  const { bring, packed, listed } = await world(t);
  const good = parts(await packed('default'));
  const [card, ...graphs] = good.files as [Listed, ...Listed[]];
  const change = (i: number, more: Partial<Listed>): Buffer =>
    assembled({ ...good, files: good.files.map((one, k) => (k === i ? { ...one, ...more } : one)) });
  const withCard = (edit: (card: Record<string, Record<string, Record<string, unknown>>>) => void): Buffer => {
    const read = JSON.parse(card.data.toString());
    edit(read);
    return assembled({ ...good, files: [entry('card.json', Buffer.from(JSON.stringify(read))), ...graphs] });
  };
  const more = (name: string, data = Buffer.from('x')): Buffer =>
    assembled({ ...good, files: [...good.files, entry(name, data)] });
  const cases: [string, Buffer, RegExp][] = [
    ['nothing', Buffer.alloc(0), /truncated/],
    ['a zip', Buffer.from('PK\x03\x04'.padEnd(64)), /not a voice file/],
    ['a pickle', Buffer.from('\x80\x04\x95'.padEnd(64)), /not a voice file/],
    ['another version', Buffer.concat([Buffer.from('FOLEYVOX\x02\0\0\0\0\0\0\0'), Buffer.alloc(9)]), /version 2/],
    ['a manifest without end', Buffer.from('FOLEYVOX\x01\0\0\0\xff\xff\xff\xff', 'latin1'), /too large/],
    ['a manifest of more', assembled({ ...good, extra: 1 }), /manifest/],
    ['a field of more', change(1, { link: '/etc/passwd' } as Partial<Listed>), /manifest/],
    ['no files', assembled({ ...good, files: [] }), /manifest/],
    ['an id that leaves', assembled({ ...good, voice: '../x' }), /not a voice id/],
    ...['../card.json', '/etc/x', 'a/b.onnx', 'a\\b.onnx', '.hidden', '', 'nul.onnx', 'x\0.onnx', 'x'.repeat(200)].map(
      (name): [string, Buffer, RegExp] => [`the name ${name.slice(0, 20)}`, change(1, { name }), /plain file name/],
    ),
    ['a name twice', change(2, { name: graphs[0]!.name }), /share a name/],
    ['a name twice but for case', change(2, { name: graphs[0]!.name.toUpperCase() }), /share a name/],
    [
      'too many files',
      assembled({ ...good, files: Array.from({ length: 40 }, (_, i) => entry(`f${i}`, card.data)) }),
      /parts/,
    ],
    ['a size that is too small', change(1, { bytes: graphs[0]!.bytes - 1 }), /does not match its card/],
    ['a size that is too large', change(6, { bytes: graphs[5]!.bytes + 9 }), /does not match its card/],
    ['a size of nought', change(1, { bytes: 0 }), /manifest/],
    ['a size below nought', change(1, { bytes: -5 }), /manifest/],
    ['another hash', change(1, { sha256: sha256(Buffer.from('x')) }), /does not match its card/],
    ['other bytes', change(1, { data: Buffer.alloc(graphs[0]!.bytes) }), /SHA-256/],
    ['no card', assembled({ ...good, files: graphs }), /begin with card\.json/],
    ['the card last', assembled({ ...good, files: [...graphs, card] }), /begin with card\.json/],
    ['a graph less', assembled({ ...good, files: good.files.slice(0, -1) }), /is missing/],
    ['graphs in another order', assembled({ ...good, files: [card, ...graphs.toReversed()] }), /or is missing/],
    ['a file that no card names', more('run.sh'), /run\.sh does not match its card/],
    ['a graph that no card names', more('more.onnx'), /more\.onnx/],
    ['an embedder without its card', more('embedder.onnx'), /embedder\.onnx/],
    ['credits that are a program', withCredits(good, Buffer.from('\x7fELF\x02\x01\x01\0')), /not plain UTF-8 text/],
    ['credits that are not UTF-8', withCredits(good, Buffer.from([0xff, 0xfe, 0x41])), /not plain UTF-8 text/],
    ['something after the end', Buffer.concat([assembled(good), Buffer.from('x')]), /after its last file/],
    [
      'a voice along that it was not made of',
      assembled(good, good.files),
      /does not match card\.retrained\.base\.hash|does not match its card/,
    ],
    ['half a voice along', assembled(good, good.files.slice(0, 3)), /is missing/],
    ['cut short', assembled(good).subarray(0, -1), /truncated/],
    ['a card that is none', withCard((one) => delete one.graphs), /card\.json: graphs/],
    ['a graph of the card outside', withCard((one) => (one.graphs!.row!.file = '../row.onnx')), /card\.json/],
    ['a graph of another ending', withCard((one) => (one.graphs!.row!.file = 'row.pkl')), /ends with \.onnx/],
    ['a graph that no voice has', withCard((one) => (one.graphs!.plugin = one.graphs!.row!)), /no graph plugin/],
    ['two graphs in a file', withCard((one) => (one.graphs!.row!.file = 'pixel.onnx')), /share a file/],
    [
      'a card without a bottom',
      withCardText(good, `{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      /nested too deeply/,
    ],
    ['a card that is not JSON', withCardText(good, '{'), /not JSON/],
    ['escapes in a name', withCard((one) => Object.assign(one, { name: '\u001b[2J' })), /control characters/],
  ];
  for (const [what, file, why] of cases) {
    await assert.rejects(bring(file, 'new', 64), failed('bad_voice', why), what);
    assert.deepEqual(await listed(), [], what);
  }
  await bring(assembled(good), 'new');
});

function withCardText(good: { voice: string; files: Listed[] }, text: string): Buffer {
  return assembled({ ...good, files: [entry('card.json', Buffer.from(text)), ...good.files.slice(1)] });
}

function withCredits(good: { voice: string; files: Listed[] }, data: Buffer): Buffer {
  const [card, ...graphs] = good.files as [Listed, ...Listed[]];
  return assembled({ ...good, files: [card, entry('credits.csv', data), ...graphs] });
}

test('a voice that cannot be tried, a name that is taken, and a client that is gone leave nothing', async (t) => {
  let failure: Error = Object.assign(new Error('the graphs do not load'), { code: 'voice_corrupt' });
  const { store, bring, packed, listed } = await world(t, () => Promise.reject(failure));
  const file = await packed('default');
  await assert.rejects(bring(file, 'new'), failed('bad_voice', /do not load/));
  failure = Object.assign(new Error('ended'), { code: 'engine_crashed' });
  await assert.rejects(bring(file, 'new'), failed('bad_voice'));
  failure = Object.assign(new Error('full'), { code: 'ENOSPC' });
  await assert.rejects(bring(file, 'new'), failed('io_error'));
  for (const id of ['default', 'DEFAULT', 'claimed']) await assert.rejects(bring(file, id), failed('already_exists'));
  await assert.rejects(bring(file), failed('already_exists'));
  const stop = new AbortController();
  const gone = new ProtocolError('cancelled', 'the client is gone');
  async function* leaving() {
    yield file.subarray(0, 2000);
    stop.abort(gone);
    yield file.subarray(2000);
  }
  await assert.rejects(
    store.bringIn(leaving(), 'new', () => undefined, stop.signal),
    gone,
  );
  assert.deepEqual(await listed(), []);
});

test('one comes in at a time, and whoever takes the name first has it', async (t) => {
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  let trying: () => void = () => undefined;
  const tried = new Promise<void>((resolve) => {
    trying = resolve;
  });
  const { own, catalog, bring, packed, listed } = await world(t, () => {
    trying();
    return held;
  });
  const file = await packed('default');
  const first = bring(file, 'new');
  await tried;
  // All of it is on the disk, and nobody sees a voice before it was tried.
  const seen = await catalog.list();
  assert.deepEqual([seen.map(({ id }) => id), (await listed()).length], [['default'], 1]);
  await assert.rejects(bring(file, 'other'), failed('queue_full'));
  await writeVoice(own, 'new', { name: 'made meanwhile' });
  go();
  await assert.rejects(first, failed('already_exists'));
  assert.deepEqual(await listed(), ['new']);
});

test('deleting takes its own folder and nothing else: neither a neighbour nor where a link leads', async (t) => {
  const { root, own, models, store, listed } = await world(t);
  for (const id of ['a', 'ab']) await writeVoice(own, id);
  const far = await writeVoice(path.join(root, 'elsewhere'), 'far');
  await symlink(far, path.join(own, 'linked'), 'junction');
  for (const id of ['a', 'linked']) await store.remove(await store.folderOf(id));
  assert.deepEqual(await listed(), ['ab']);
  assert.equal((await readdir(far)).length, 7);
  // What has lost its card is no voice, but has its folder.
  await mkdir(path.join(own, 'broken'));
  await writeFile(path.join(own, 'broken', 'row.onnx'), 'x');
  await store.remove(await store.folderOf('broken'));
  await assert.rejects(store.folderOf('default'), failed('voice_built_in'));
  for (const id of ['nobody', '..', '../elsewhere/far', '.', '', '/', 'a/../ab'])
    await assert.rejects(store.folderOf(id), failed('unknown_voice'), id);
  assert.deepEqual(await readdir(models), ['default']);
});

test('however a file is damaged, it comes in whole or not at all', async (t) => {
  const { seed, numRuns } = fuzzing(t);
  const { own, catalog, store, bring, packed, listed } = await world(t);
  const file = await packed('default');
  const head = 16 + file.readUInt32LE(12);
  const at = fc.oneof(fc.nat(head + 400), fc.nat(file.length - 1));
  const edits = fc.array(fc.record({ at, to: fc.nat(255), kind: fc.nat(2) }), { minLength: 1, maxLength: 4 });
  let taken = 0;
  const property = fc.asyncProperty(edits, fc.integer({ min: 1, max: 5000 }), async (changes, step) => {
    try {
      await bring(Buffer.from(mutated(file, changes)), 'fuzzed', step);
    } catch (error) {
      assert.ok(error instanceof ProtocolError && errorCodes.includes(error.code), String(error));
      assert.ok(error.code !== 'internal' && error.message.length < 500);
      assert.deepEqual(await listed(), []);
      return;
    }
    taken += 1;
    const voice = await catalog.find('fuzzed');
    // Whole: every file is the one that its card describes.
    await store.reading(voice, async ({ read, bytes }) =>
      assert.equal((await collected(read(0, bytes))).length, bytes),
    );
    await store.remove(path.join(own, 'fuzzed'));
    assert.deepEqual(await listed(), []);
  });
  await fc.assert(property, { seed, numRuns: numRuns * Number(process.env.FOLEYD_FUZZ_FILES ?? 4) });
  // An id of other letters is no damage that can be seen.
  t.diagnostic(`${taken} came in`);
  assert.ok((await bring(file, 'after')).voice.id === 'after');
});
