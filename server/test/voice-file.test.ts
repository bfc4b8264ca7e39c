/** A voice goes out as one file and comes in elsewhere, or is refused and leaves nothing. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodePcm, type EventData, ProtocolError } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { type ConfigInput, resolveConfig } from '../config.ts';
import { updateHashes } from '../engine/fixtures.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-voice-file-'));
const repository = fileURLToPath(new URL('../../models', import.meta.url));
const models = path.join(folder, 'models');
const dataOf = (name: string): string => path.join(folder, name);
const open = (name: string, more: ConfigInput = {}): Promise<App> => {
  const given = { data: dataOf(name), models, port: 0, oscPort: 'off', output: 'none', logLevel: 'silent' } as const;
  return createApp(resolveConfig({ ...given, adminToken: 'admins-secret', ...more }, {}));
};
let [here, there]: App[] = [];
let file: Buffer;

before(async () => {
  cpSync(path.join(repository, 'fixtures', 'tiny-freq'), path.join(models, 'default'), { recursive: true });
  const mine = path.join(dataOf('here'), 'voices', 'mine');
  cpSync(path.join(repository, 'fixtures', 'tiny'), mine, { recursive: true });
  // With ears of its own, and something that no card names and that stays where it is.
  for (const name of ['embedder.json', 'embedder.onnx', 'reference.npz', 'ranking.npz', 'credits.csv'])
    cpSync(path.join(repository, 'default', name), path.join(mine, name));
  writeFileSync(path.join(mine, 'notes.txt'), 'private');
  [here, there] = await Promise.all([open('here'), open('there')]);
  file = await fetched('voice=mine');
});
after(async () => {
  await Promise.all([here, there].map((app) => app?.close()));
  rmSync(folder, { recursive: true, force: true });
});

const headers = { authorization: 'Bearer admins-secret' };
const url = (app: App, route: string): string => `${app.urls.http}/v1/${route}`;
async function fetched(query: string): Promise<Buffer> {
  const answer = await fetch(url(here!, `voice.export?${query}`), { headers });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}
type Told = { event: string; data: { code: string; message: string; voice: string; hash: string } };
async function put(bytes: Uint8Array, query = '', app = there!): Promise<Told & { status: number }> {
  const answer = await fetch(url(app, `voice.import${query}`), { method: 'PUT', headers, body: Buffer.from(bytes) });
  return { status: answer.status, ...((await answer.json()) as Told) };
}
const voicesOf = (name: string): string[] => {
  const dir = path.join(dataOf(name), 'voices');
  return existsSync(dir) ? readdirSync(dir) : [];
};
const call = <T>(app: App, cmd: string, args: Record<string, unknown> = {}) =>
  app.connect('admin').call(cmd, args) as Promise<T>;
const failed =
  (code: string, why = /./) =>
  (error: unknown) =>
    error instanceof ProtocolError && error.code === code && why.test(error.message);
async function clipOf(app: App, voice: string, label = 'DogBark'): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  await app.connect().call('foley.generate', { voice, class: label, seed: 7 }, ({ event, data }) => {
    if (event === 'audio') parts.push(decodePcm(data.pcm as Uint8Array, 'f32'));
  });
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

test('what comes in makes the same clip, bit for bit, and its ears come with it', async () => {
  const { status, data } = await put(file);
  assert.deepEqual([status, data.voice], [200, 'mine']);
  assert.deepEqual(await clipOf(there!, 'mine'), await clipOf(here!, 'mine'));
  const came = path.join(dataOf('there'), 'voices', 'mine');
  const was = path.join(dataOf('here'), 'voices', 'mine');
  const names = readdirSync(came);
  assert.deepEqual(
    names.sort(),
    readdirSync(was)
      .filter((name) => !['notes.txt', 'golden.json'].includes(name))
      .sort(),
  );
  for (const name of names) assert.deepEqual(readFileSync(path.join(came, name)), readFileSync(path.join(was, name)));
  const { score } = await call<EventData<'admin.fad', 'done'>>(there!, 'admin.fad', {
    voice: 'mine',
    classes: ['Rain'],
    clips: 2,
  });
  assert.match(score.reference, /eval clips/);
  assert.deepEqual(voicesOf('there'), ['mine']);
});

test('a voice that was trained on brings along the one that makes its old classes; a stranger in its place is refused', async () => {
  const dir = path.join(dataOf('here'), 'voices', 'trained');
  const copy = (fixture: string, to: string): void =>
    cpSync(path.join(repository, 'fixtures', fixture), to, { recursive: true });
  copy('tiny-vq', dir);
  copy('tiny-freq', path.join(dir, 'base'));
  const read = (place: string): Record<string, unknown> =>
    JSON.parse(readFileSync(path.join(place, 'card.json'), 'utf8')) as Record<string, unknown>;
  const { hash } = read(path.join(dir, 'base'));
  const retrained = { base: { id: 'tiny-freq', hash }, kept: ['Beep'] };
  writeFileSync(path.join(dir, 'card.json'), JSON.stringify({ ...read(dir), retrained }));
  const bytes = await fetched('voice=trained');
  assert.equal((await put(bytes)).data.voice, 'trained');
  const clips: Float32Array[] = [];
  for (const label of ['Beep', 'Hiss']) {
    clips.push(await clipOf(there!, 'trained', label));
    assert.deepEqual(clips.at(-1), await clipOf(here!, 'trained', label));
  }
  assert.notDeepEqual(clips[0], clips[1]);
  // What it carries along is tried as well.
  const pickled = path.join(dir, 'base');
  writeFileSync(path.join(pickled, 'decoder.onnx'), pickle);
  updateHashes(pickled, 'decoder', pickle);
  const other = { ...retrained, base: { id: 'tiny-freq', hash: read(pickled).hash } };
  writeFileSync(path.join(dir, 'card.json'), JSON.stringify({ ...read(dir), retrained: other }));
  const before = voicesOf('there');
  const { data } = await put(await fetched('voice=trained'), '?as=strange');
  assert.equal(data.code, 'bad_voice');
  assert.match(data.message, /decoder\.onnx is not a usable graph/);
  assert.deepEqual(voicesOf('there'), before);
});

test('the same voice is the same bytes, whoever exports it, whole or in pieces or from where it was cut off', async () => {
  assert.deepEqual(await fetched('voice=mine'), file);
  const { voice } = (await put(file, '?as=again')).data;
  const again = await fetch(url(there!, `voice.export?voice=${voice}`), { headers });
  assert.equal(again.headers.get('content-disposition'), 'attachment; filename="again.foleyvoice"');
  const other = Buffer.from(await again.arrayBuffer());
  const payload = (bytes: Buffer): Buffer => bytes.subarray(16 + bytes.readUInt32LE(12));
  assert.deepEqual(payload(other), payload(file));
  const pieces: Uint8Array[] = [];
  for (let offset = 0, size = 1; offset < size; ) {
    const args = { voice: 'mine', offset, length: 700_001 };
    const done = await call<EventData<'voice.export', 'done'>>(here!, 'voice.export', args);
    pieces.push(done.piece);
    offset += done.piece.length;
    size = done.size;
  }
  assert.deepEqual(Buffer.concat(pieces), file);
  const range = { ...headers, range: `bytes=1000-${file.length}` };
  const rest = await fetch(url(here!, 'voice.export?voice=mine'), { headers: range });
  assert.equal(rest.status, 206);
  assert.deepEqual(Buffer.from(await rest.arrayBuffer()), file.subarray(1000));
  const posted = await fetch(url(here!, 'voice.export'), {
    method: 'POST',
    headers,
    body: '{"voice":"mine","length":8}',
  });
  const { data } = (await posted.json()) as { data: { piece: string } };
  assert.equal(Buffer.from(data.piece, 'base64').toString(), 'FOLEYVOX');
});

test('who shares only what permissive data taught is told which licences are not', async () => {
  // The card of `mine` is of CC0-1.0; its credits.csv is not read, since nothing vouches for it.
  const answer = await fetch(url(here!, 'voice.export?voice=mine&permissiveOnly=true'), { headers });
  assert.deepEqual([answer.status, Buffer.from(await answer.arrayBuffer()).equals(file)], [200, true]);
  const gpl = path.join(dataOf('here'), 'voices', 'gpl');
  cpSync(path.join(repository, 'fixtures', 'tiny'), gpl, { recursive: true });
  const card = JSON.parse(readFileSync(path.join(gpl, 'card.json'), 'utf8'));
  writeFileSync(path.join(gpl, 'card.json'), JSON.stringify({ ...card, data: { licences: { 'GPL-3.0-only': 7 } } }));
  const refused = await fetch(url(here!, 'voice.export?voice=gpl&permissiveOnly=true'), { headers });
  const { data } = (await refused.json()) as Told;
  assert.deepEqual([refused.status, data.code], [409, 'licence_refused']);
  assert.match(data.message, /GPL-3\.0-only \(copyleft, 7 clips\)/);
  const whole = await fetch(url(here!, 'voice.export?voice=gpl'), { headers });
  assert.equal(whole.status, 200);
  await whole.body?.cancel();
});

test('in pieces it comes in too', async () => {
  for (let offset = 0; offset < file.length; offset += 500_000) {
    const data = file.subarray(offset, offset + 500_000).toString('base64');
    await call(there!, 'voice.upload', { upload: 'u', offset, data });
  }
  await assert.rejects(call(there!, 'voice.import', { upload: 'u' }), failed('already_exists', /another id/));
  const done = await call<EventData<'voice.import', 'done'>>(there!, 'voice.import', { upload: 'u', as: 'pieces' });
  assert.deepEqual([done.voice, done.bytes], ['pieces', file.length]);
  await assert.rejects(call(there!, 'voice.import', { upload: 'u', as: 'more' }), failed('bad_args', /no upload/));
});

test('only an admin carries voices, and no name is taken twice', async () => {
  for (const [method, route] of [
    ['GET', 'voice.export?voice=mine'],
    ['PUT', 'voice.import'],
  ] as const) {
    const body = method === 'PUT' ? { body: Buffer.from(file) } : {};
    const answer = await fetch(url(here!, route), { method, ...body });
    assert.equal(answer.status, 403);
    assert.equal(((await answer.json()) as Told).data.code, 'forbidden');
  }
  for (const as of ['mine', 'MINE', 'default', 'Default']) assert.equal((await put(file, `?as=${as}`)).status, 409, as);
  for (const as of ['..', 'a/b', '.hidden', '']) {
    const { data } = await put(file, `?as=${encodeURIComponent(as)}`);
    assert.equal(data.code, 'bad_args', as);
  }
  assert.equal((await put(file, '?as=nul')).data.code, 'bad_args');
  assert.equal((await put(file, '?as=x&as=y')).data.code, 'bad_args');
});

test('a voice that is too large is refused before it is read, and so is one whose size is not told', async () => {
  const app = await open('small', { limits: { voiceBytes: 10_000 } });
  try {
    assert.equal((await put(file, '', app)).data.code, 'too_large');
    async function* chunks() {
      yield file;
    }
    const init = { method: 'PUT', headers, body: chunks(), duplex: 'half' };
    const answer = await fetch(url(app, 'voice.import'), init as unknown as RequestInit);
    assert.equal(((await answer.json()) as Told).data.code, 'too_large');
    assert.deepEqual(voicesOf('small'), []);
  } finally {
    await app.close();
  }
});

test('a client that leaves in the middle leaves nothing, and the next one is let in', async () => {
  const before = voicesOf('there');
  const stop = new AbortController();
  async function* half() {
    yield file.subarray(0, file.length >> 1);
    setTimeout(() => stop.abort(), 100);
    await new Promise((_, reject) => stop.signal.addEventListener('abort', reject));
  }
  const init = { method: 'PUT', headers, body: half(), duplex: 'half', signal: stop.signal };
  await assert.rejects(fetch(url(there!, 'voice.import?as=half'), init as unknown as RequestInit));
  while (voicesOf('there').length !== before.length) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(voicesOf('there'), before);
  // What has left no trace may be asked for again.
  for (;;) {
    const { data } = await put(file, '?as=half');
    if (data.code === 'queue_full') continue;
    assert.equal(data.voice, 'half');
    break;
  }
});

/** A voice whose graph or embedder was exchanged and whose cards vouch for it, as its maker would have packed it. */
async function forged(change: (dir: string) => void): Promise<Buffer> {
  const dir = path.join(dataOf('here'), 'voices', 'forged');
  cpSync(path.join(dataOf('here'), 'voices', 'mine'), dir, { recursive: true });
  try {
    change(dir);
    return await fetched('voice=forged');
  } finally {
    rmSync(dir, { recursive: true });
  }
}
const graph = (bytes: Uint8Array) => (dir: string) => {
  writeFileSync(path.join(dir, 'decoder.onnx'), bytes);
  updateHashes(dir, 'decoder', bytes);
};
const ear = (name: 'graph' | 'reference', bytes: Uint8Array) => (dir: string) => {
  const place = path.join(dir, 'embedder.json');
  const card = JSON.parse(readFileSync(place, 'utf8')) as Record<string, { file: string }>;
  writeFileSync(path.join(dir, card[name]!.file), bytes);
  Object.assign(card[name]!, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  writeFileSync(place, JSON.stringify(card));
};
const prints = (bytes: Uint8Array) => (dir: string) => {
  const place = path.join(dir, 'card.json');
  const card = JSON.parse(readFileSync(place, 'utf8')) as object;
  writeFileSync(path.join(dir, 'fingerprints.npz'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const fingerprints = { file: 'fingerprints.npz', sha256, bytes: bytes.length };
  writeFileSync(place, JSON.stringify({ ...card, fingerprints }));
};
const ofOthers = readFileSync(path.join(repository, 'fixtures/fingerprints/fingerprints.npz'));
/** A real graph with one more field at its end: protobuf takes the parts of a message in any order. */
const appended = (...field: number[]): Uint8Array => {
  return Buffer.concat([readFileSync(path.join(repository, 'fixtures/tiny/decoder.onnx')), Buffer.from(field)]);
};
/** ModelProto.graph { initializer { field } }, merged with the graph before. */
const tensor = (...field: number[]): number[] => [58, field.length + 2, 42, field.length, ...field];
const bytesOf = (text: string): number[] => [...Buffer.from(text)];
const pickle = Buffer.from('80049514000000000000008c086275696c74696e73948c0465786563', 'hex');
/** A .npz as numpy would write it, of one array of Python objects. */
function objects(): Buffer {
  const head = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117).concat('\n');
  const npy = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(head), pickle]);
  const name = Buffer.from('Rain.mu.npy');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt32LE(npy.length, 18);
  local.writeUInt32LE(npy.length, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(npy.length, 20);
  central.writeUInt32LE(npy.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + npy.length, 16);
  return Buffer.concat([local, name, npy, central, name, end]);
}

test('what could execute, reaches for other files, or makes no clip is refused', async () => {
  const before = voicesOf('there');
  const own = (name: string): Buffer => readFileSync(path.join(dataOf('here'), 'voices', 'mine', name));
  const cases: [string, (dir: string) => void, RegExp][] = [
    ['a pickle as a graph', graph(pickle), /not a usable graph/],
    ['weights in another file', graph(appended(...tensor(106, 0))), /weights in another file/],
    ['data_location EXTERNAL', graph(appended(...tensor(112, 1))), /weights in another file/],
    ['operators of others', graph(appended(66, 5, 10, 3, ...bytesOf('x.y'))), /operators of x\.y/],
    ['a node of others', graph(appended(58, 7, 10, 5, 58, 3, ...bytesOf('a.b'))), /operator of/],
    ['functions of its own', graph(appended(202, 1, 2, 10, 0)), /field 25/],
    ['a graph cut short', graph(own('decoder.onnx').subarray(0, 9000)), /./],
    ['another graph in its place', graph(own('vocoder.onnx')), /do not fit its card/],
    ['a pickle as the embedder', ear('graph', pickle), /not a usable graph/],
    ['another graph as the embedder', ear('graph', own('vocoder.onnx')), /./],
    ['a pickle as the reference', ear('reference', pickle), /not an \.npz file/],
    ['objects in the reference', ear('reference', objects()), /Rain\.mu/],
    ['a pickle as the fingerprints', prints(pickle), /not an \.npz file/],
    ['fingerprints of other classes', prints(ofOthers), /a limit for each class/],
  ];
  for (const [what, change, why] of cases) {
    const { status, data } = await put(await forged(change), '?as=forged');
    assert.deepEqual([status, data.code], [400, 'bad_voice'], `${what}: ${data.message}`);
    assert.match(data.message, why, what);
    assert.deepEqual(voicesOf('there'), before, what);
  }
  assert.equal((await put(await forged(() => undefined), '?as=not-forged')).status, 200);
});

test('a voice that is not what its card says does not go out', async () => {
  const dir = path.join(dataOf('here'), 'voices', 'torn');
  cpSync(path.join(dataOf('here'), 'voices', 'mine'), dir, { recursive: true });
  const bytes = readFileSync(path.join(dir, 'row.onnx'));
  bytes[1000]! ^= 1;
  writeFileSync(path.join(dir, 'row.onnx'), bytes);
  await assert.rejects(call(here!, 'voice.export', { voice: 'torn' }), failed('voice_corrupt', /row\.onnx/));
  const answer = await fetch(url(here!, 'voice.export?voice=torn'), { headers });
  assert.equal(((await answer.json()) as Told).data.code, 'voice_corrupt');
  await assert.rejects(call(here!, 'voice.export', { voice: 'nobody' }), failed('unknown_voice'));
});

test('what an earlier run left in the middle goes with the next', async () => {
  const dir = path.join(dataOf('third'), 'voices');
  for (const name of ['.incoming-1', '.trash-mine-2', 'kept'])
    cpSync(path.join(repository, 'fixtures', 'tiny'), path.join(dir, name), { recursive: true });
  const app = await open('third');
  try {
    assert.equal((await put(file, '', app)).status, 200);
    assert.deepEqual(voicesOf('third').sort(), ['kept', 'mine']);
  } finally {
    await app.close();
  }
});
