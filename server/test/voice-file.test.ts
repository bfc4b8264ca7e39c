/** A voice goes out as one file and comes in elsewhere, or is refused and leaves nothing. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { EventData } from '../../protocol/index.ts';
import { updateHashes } from '../engine/fixtures.ts';
import { failed } from './support/failed.ts';
import { pickle } from './support/forged-voice.ts';
import { call, clipOf, headers, repository, type Told, url, VoiceServers } from './support/voice-servers.ts';

const servers = new VoiceServers();

test('what comes in makes the same clip, bit for bit, and its ears come with it', async () => {
  const { status, data } = await servers.put(servers.file);
  assert.deepEqual([status, data.voice], [200, 'mine']);
  assert.deepEqual(await clipOf(servers.there, 'mine'), await clipOf(servers.here, 'mine'));
  const came = path.join(servers.dataOf('there'), 'voices', 'mine');
  const was = path.join(servers.dataOf('here'), 'voices', 'mine');
  const names = readdirSync(came);
  assert.deepEqual(
    names.sort(),
    readdirSync(was)
      .filter((name) => !['notes.txt', 'golden.json'].includes(name))
      .sort(),
  );
  for (const name of names) assert.deepEqual(readFileSync(path.join(came, name)), readFileSync(path.join(was, name)));
  const { score } = await call<EventData<'admin.fad', 'done'>>(servers.there, 'admin.fad', {
    voice: 'mine',
    classes: ['Rain'],
    clips: 2,
  });
  assert.match(score.reference, /eval clips/);
  assert.deepEqual(servers.voicesOf('there'), ['mine']);
});

test('a voice that was trained on brings along the one that makes its old classes; a stranger in its place is refused', async () => {
  const dir = path.join(servers.dataOf('here'), 'voices', 'trained');
  const copy = (fixture: string, to: string): void =>
    cpSync(path.join(repository, 'fixtures', fixture), to, { recursive: true });
  copy('tiny-vq', dir);
  copy('tiny-freq', path.join(dir, 'base'));
  const read = (place: string): Record<string, unknown> =>
    JSON.parse(readFileSync(path.join(place, 'card.json'), 'utf8')) as Record<string, unknown>;
  const { hash } = read(path.join(dir, 'base'));
  const retrained = { base: { id: 'tiny-freq', hash }, kept: ['Beep'] };
  writeFileSync(path.join(dir, 'card.json'), JSON.stringify({ ...read(dir), retrained }));
  const bytes = await servers.fetched('voice=trained');
  assert.equal((await servers.put(bytes)).data.voice, 'trained');
  const clips: Float32Array[] = [];
  for (const label of ['Beep', 'Hiss']) {
    clips.push(await clipOf(servers.there, 'trained', label));
    assert.deepEqual(clips.at(-1), await clipOf(servers.here, 'trained', label));
  }
  assert.notDeepEqual(clips[0], clips[1]);
  // What it carries along is tried as well.
  const pickled = path.join(dir, 'base');
  writeFileSync(path.join(pickled, 'decoder.onnx'), pickle);
  updateHashes(pickled, 'decoder', pickle);
  const other = { ...retrained, base: { id: 'tiny-freq', hash: read(pickled).hash } };
  writeFileSync(path.join(dir, 'card.json'), JSON.stringify({ ...read(dir), retrained: other }));
  const before = servers.voicesOf('there');
  const { data } = await servers.put(await servers.fetched('voice=trained'), '?as=strange');
  assert.equal(data.code, 'bad_voice');
  assert.match(data.message, /decoder\.onnx is not a usable graph/);
  assert.deepEqual(servers.voicesOf('there'), before);
});

test('the same voice is the same bytes, whoever exports it, whole or in pieces or from where it was cut off', async () => {
  assert.deepEqual(await servers.fetched('voice=mine'), servers.file);
  const { voice } = (await servers.put(servers.file, '?as=again')).data;
  const again = await fetch(url(servers.there, `voice.export?voice=${voice}`), { headers });
  assert.equal(again.headers.get('content-disposition'), 'attachment; filename="again.foleyvoice"');
  const other = Buffer.from(await again.arrayBuffer());
  const payload = (bytes: Buffer): Buffer => bytes.subarray(16 + bytes.readUInt32LE(12));
  assert.deepEqual(payload(other), payload(servers.file));
  const pieces: Uint8Array[] = [];
  for (let offset = 0, size = 1; offset < size; ) {
    const args = { voice: 'mine', offset, length: 700_001 };
    const done = await call<EventData<'voice.export', 'done'>>(servers.here, 'voice.export', args);
    pieces.push(done.piece);
    offset += done.piece.length;
    size = done.size;
  }
  assert.deepEqual(Buffer.concat(pieces), servers.file);
  const range = { ...headers, range: `bytes=1000-${servers.file.length}` };
  const rest = await fetch(url(servers.here, 'voice.export?voice=mine'), { headers: range });
  assert.equal(rest.status, 206);
  assert.deepEqual(Buffer.from(await rest.arrayBuffer()), servers.file.subarray(1000));
  const posted = await fetch(url(servers.here, 'voice.export'), {
    method: 'POST',
    headers,
    body: '{"voice":"mine","length":8}',
  });
  const { data } = (await posted.json()) as { data: { piece: string } };
  assert.equal(Buffer.from(data.piece, 'base64').toString(), 'FOLEYVOX');
});

test('who shares only what permissive data taught is told which licences are not', async () => {
  // The card of `mine` is of CC0-1.0; its credits.csv is not read, since nothing vouches for it.
  const answer = await fetch(url(servers.here, 'voice.export?voice=mine&permissiveOnly=true'), { headers });
  assert.deepEqual([answer.status, Buffer.from(await answer.arrayBuffer()).equals(servers.file)], [200, true]);
  const gpl = path.join(servers.dataOf('here'), 'voices', 'gpl');
  cpSync(path.join(repository, 'fixtures', 'tiny'), gpl, { recursive: true });
  const card = JSON.parse(readFileSync(path.join(gpl, 'card.json'), 'utf8'));
  writeFileSync(path.join(gpl, 'card.json'), JSON.stringify({ ...card, data: { licences: { 'GPL-3.0-only': 7 } } }));
  const refused = await fetch(url(servers.here, 'voice.export?voice=gpl&permissiveOnly=true'), { headers });
  const { data } = (await refused.json()) as Told;
  assert.deepEqual([refused.status, data.code], [409, 'licence_refused']);
  assert.match(data.message, /GPL-3\.0-only \(copyleft, 7 clips\)/);
  const whole = await fetch(url(servers.here, 'voice.export?voice=gpl'), { headers });
  assert.equal(whole.status, 200);
  await whole.body?.cancel();
});

test('in pieces it comes in too', async () => {
  for (let offset = 0; offset < servers.file.length; offset += 500_000) {
    const data = servers.file.subarray(offset, offset + 500_000).toString('base64');
    await call(servers.there, 'voice.upload', { upload: 'u', offset, data });
  }
  await assert.rejects(call(servers.there, 'voice.import', { upload: 'u' }), failed('already_exists', /another id/));
  const done = await call<EventData<'voice.import', 'done'>>(servers.there, 'voice.import', {
    upload: 'u',
    as: 'pieces',
  });
  assert.deepEqual([done.voice, done.bytes], ['pieces', servers.file.length]);
  await assert.rejects(
    call(servers.there, 'voice.import', { upload: 'u', as: 'more' }),
    failed('bad_args', /no upload/),
  );
});

test('only an admin carries voices, and no name is taken twice', async () => {
  for (const [method, route] of [
    ['GET', 'voice.export?voice=mine'],
    ['PUT', 'voice.import'],
  ] as const) {
    const body = method === 'PUT' ? { body: Buffer.from(servers.file) } : {};
    const answer = await fetch(url(servers.here, route), { method, ...body });
    assert.equal(answer.status, 403);
    assert.equal(((await answer.json()) as Told).data.code, 'forbidden');
  }
  for (const as of ['mine', 'MINE', 'default', 'Default'])
    assert.equal((await servers.put(servers.file, `?as=${as}`)).status, 409, as);
  for (const as of ['..', 'a/b', '.hidden', '']) {
    const { data } = await servers.put(servers.file, `?as=${encodeURIComponent(as)}`);
    assert.equal(data.code, 'bad_args', as);
  }
  assert.equal((await servers.put(servers.file, '?as=nul')).data.code, 'bad_args');
  assert.equal((await servers.put(servers.file, '?as=x&as=y')).data.code, 'bad_args');
});

test('a voice that is too large is refused before it is read, and so is one whose size is not told', async () => {
  const app = await servers.open('small', { limits: { voiceBytes: 10_000 } });
  try {
    assert.equal((await servers.put(servers.file, '', app)).data.code, 'too_large');
    async function* chunks() {
      yield servers.file;
    }
    const init = { method: 'PUT', headers, body: chunks(), duplex: 'half' };
    const answer = await fetch(url(app, 'voice.import'), init as unknown as RequestInit);
    assert.equal(((await answer.json()) as Told).data.code, 'too_large');
    assert.deepEqual(servers.voicesOf('small'), []);
  } finally {
    await app.close();
  }
});

test('a client that leaves in the middle leaves nothing, and the next one is let in', async () => {
  const before = servers.voicesOf('there');
  const stop = new AbortController();
  async function* half() {
    yield servers.file.subarray(0, servers.file.length >> 1);
    setTimeout(() => stop.abort(), 100);
    await new Promise((_, reject) => stop.signal.addEventListener('abort', reject));
  }
  const init = { method: 'PUT', headers, body: half(), duplex: 'half', signal: stop.signal };
  await assert.rejects(fetch(url(servers.there, 'voice.import?as=half'), init as unknown as RequestInit));
  while (servers.voicesOf('there').length !== before.length) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(servers.voicesOf('there'), before);
  // What has left no trace may be asked for again.
  for (;;) {
    const { data } = await servers.put(servers.file, '?as=half');
    if (data.code === 'queue_full') continue;
    assert.equal(data.voice, 'half');
    break;
  }
});

test('a voice that is not what its card says does not go out', async () => {
  const dir = path.join(servers.dataOf('here'), 'voices', 'torn');
  cpSync(path.join(servers.dataOf('here'), 'voices', 'mine'), dir, { recursive: true });
  const bytes = readFileSync(path.join(dir, 'row.onnx'));
  bytes[1000]! ^= 1;
  writeFileSync(path.join(dir, 'row.onnx'), bytes);
  await assert.rejects(call(servers.here, 'voice.export', { voice: 'torn' }), failed('voice_corrupt', /row\.onnx/));
  const answer = await fetch(url(servers.here, 'voice.export?voice=torn'), { headers });
  assert.equal(((await answer.json()) as Told).data.code, 'voice_corrupt');
  await assert.rejects(call(servers.here, 'voice.export', { voice: 'nobody' }), failed('unknown_voice'));
});

test('what an earlier run left in the middle goes with the next', async () => {
  const dir = path.join(servers.dataOf('third'), 'voices');
  for (const name of ['.incoming-1', '.trash-mine-2', 'kept'])
    cpSync(path.join(repository, 'fixtures', 'tiny'), path.join(dir, name), { recursive: true });
  const app = await servers.open('third');
  try {
    assert.equal((await servers.put(servers.file, '', app)).status, 200);
    assert.deepEqual(servers.voicesOf('third').sort(), ['kept', 'mine']);
  } finally {
    await app.close();
  }
});
