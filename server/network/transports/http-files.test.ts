import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { voiceHash } from '../../cards/voice-card.ts';
import { newServer } from '../../test/support/server.ts';

const admin = { authorization: 'Bearer admins-secret' };

test('a client that leaves in the middle of a file is no fault, and what it left is whole for the next', async (t) => {
  const { app, models, log } = await newServer(t, { config: { adminToken: 'admins-secret' } });
  const place = path.join(models, 'default', 'card.json');
  const card = JSON.parse(readFileSync(place, 'utf8')) as {
    graphs: Record<string, { file: string; bytes: number; sha256: string }>;
    hash: string;
  };
  const large = Buffer.alloc(24 * 2 ** 20, 'row');
  writeFileSync(path.join(models, 'default', 'row.onnx'), large);
  card.graphs.row = {
    file: 'row.onnx',
    bytes: large.length,
    sha256: createHash('sha256').update(large).digest('hex'),
  };
  card.hash = voiceHash(card.graphs);
  writeFileSync(place, JSON.stringify(card));
  const url = `${app.urls.http}/v1/voice.export`;
  const stop = new AbortController();
  const answer = await fetch(url, { headers: admin, signal: stop.signal });
  const size = Number(answer.headers.get('content-length'));
  await answer.body!.getReader().read();
  stop.abort();
  const again = await fetch(url, { headers: admin });
  assert.equal((await again.arrayBuffer()).byteLength, size);
  assert.equal(again.headers.get('etag'), answer.headers.get('etag'));
  const head = await fetch(url, { method: 'HEAD', headers: admin });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(size)]);
  assert.equal((await fetch(url, { headers: { ...admin, range: `bytes=${size}-` } })).status, 416);
  assert.deepEqual(
    log().filter(({ level }) => Number(level) >= 50),
    [],
  );
});

test('a file has its own ways in: other methods and arguments are refused with a code', async (t) => {
  const { app } = await newServer(t, { config: { adminToken: 'admins-secret' } });
  const code = async (route: string, init: RequestInit = {}): Promise<string> => {
    const answer = await fetch(`${app.urls.http}/v1/${route}`, { headers: admin, ...init });
    return ((await answer.json()) as { data: { code: string } }).data.code;
  };
  assert.equal(await code('voice.export?voice=nobody'), 'unknown_voice');
  assert.equal(await code('voice.export?nothing=1'), 'bad_args');
  assert.equal(await code('voice.export?offset=many'), 'bad_args');
  assert.equal(await code('voice.export?voice=a&voice=b'), 'bad_args');
  assert.equal(await code('voice.export', { headers: {} }), 'forbidden');
  assert.equal(await code('voice.export', { headers: { authorization: 'Bearer wrong-secret' } }), 'unauthorized');
  assert.equal(await code('voice.export', { method: 'PUT', body: 'x' }), 'unknown_command');
  assert.equal(await code('voice.import', { method: 'PUT', body: 'no voice at all' }), 'bad_voice');
  assert.equal(await code('voice.import', { method: 'PUT' }), 'bad_voice');
  assert.equal(await code('voice.import?upload=u', { method: 'PUT', body: 'x' }), 'bad_args');
  assert.equal(await code('voice.import', { method: 'POST', body: '{}' }), 'bad_args');
  const octets = { ...admin, 'content-type': 'application/octet-stream' };
  assert.equal(await code('voice.import', { method: 'POST', body: 'no voice', headers: octets }), 'bad_voice');
  assert.equal(await code('foley.generate', { method: 'PUT', body: 'x' }), 'unknown_command');
});
