/** Tokens, the secret of this machine and TLS, over real connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import test from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import WebSocket from 'ws';
import { readLocalServer } from '../../network/access/local-secret.ts';
import { rotateToken } from '../../network/access/tokens.ts';
import { makeCertificate } from '../support/certificate.ts';
import { newServer, temporary } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const activate = { voice: 'nobody' };

test('who can read the secret of this machine is an admin, until the server is gone', async (t) => {
  const server = await newServer(t);
  const { http, secret } = (await readLocalServer(server.data))!;
  assert.equal(http, server.app.urls.http);
  const post = async (token: string) => {
    const body = JSON.stringify(activate);
    return (await fetch(`${http}/v1/admin.activate`, { method: 'POST', body, ...bearer(token) })).status;
  };
  assert.deepEqual([await post(secret), await post(`${secret}x`)], [404, 401]);
  const client = await connectWs(server.app, undefined, bearer(secret));
  assert.equal((await client.ask('admin.activate', activate).end).data.code, 'unknown_voice');
  await client.close();
  await server.app.close();
  assert.equal(await readLocalServer(server.data), null);
});

test('a page may know the secret and is still refused for where it comes from', async (t) => {
  const server = await newServer(t);
  const { secret } = (await readLocalServer(server.data))!;
  for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }, { origin: 'null' }]) {
    const socket = new WebSocket(server.app.urls.ws!, 'foley.v1.json', {
      headers: { ...headers, ...bearer(secret).headers },
    });
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /403/);
  }
});

test('after a rotation the sockets of the old token are closed, and those of others go on', async (t) => {
  const server = await newServer(t);
  const { secret } = (await readLocalServer(server.data))!;
  const first = await rotateToken(server.data, 'admin');
  const [old, own, player] = [
    await connectWs(server.app, undefined, bearer(first)),
    await connectWs(server.app, undefined, bearer(secret)),
    await connectWs(server.app),
  ];
  assert.equal((await old.ask('admin.activate', activate).end).data.code, 'unknown_voice');
  const closed = once(old.socket, 'close');
  const second = await rotateToken(server.data, 'admin');
  const [code] = (await closed) as [number];
  assert.equal(code, 4401);
  for (const client of [own, player, await connectWs(server.app, undefined, bearer(second))]) {
    assert.equal((await client.ask('server.ping').end).event, 'done');
    await client.close();
  }
});

test('wrong tokens are counted in the log of admins, which never shows one', async (t) => {
  const server = await newServer(t);
  const { secret } = (await readLocalServer(server.data))!;
  for (let i = 0; i < 5; i++) {
    await fetch(`${server.app.urls.http}/v1/admin.rollback`, { method: 'POST', ...bearer(`guess-${i}`) });
    await fetch(`${server.app.urls.http}/v1/admin.rollback`, { method: 'POST' });
  }
  await fetch(`${server.app.urls.http}/v1/admin.rollback`, { method: 'POST', ...bearer(secret) });
  await server.app.close();
  const text = await readFile(path.join(server.data, 'admin.jsonl'), 'utf8');
  assert.ok(!text.includes(secret) && !text.includes('guess-'));
  const lines = text.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)).map(({ event, code, times, outcome }) => [event, code, times ?? outcome]),
    [
      ['refused', 'unauthorized', 1],
      ['refused', 'forbidden', 1],
      ['begun', undefined, undefined],
      ['ended', 'unknown_voice', 'failed'],
      ['refused', 'unauthorized', 4],
      ['refused', 'forbidden', 4],
    ],
  );
});

test('with a certificate the port speaks https and wss, and nothing else', async (t) => {
  const dir = await temporary(t);
  const { cert, key } = makeCertificate();
  const [tlsCert, tlsKey] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  await writeFile(tlsCert, cert);
  await writeFile(tlsKey, key);
  const server = await newServer(t, { config: { tlsCert, tlsKey } });
  const { http, ws } = server.app.urls;
  assert.match(`${http} ${ws}`, /^https:\S+ wss:/);
  const asked = request(`${http}/v1/server.ping`, { method: 'POST', ca: cert });
  asked.end('{"payload":"x"}');
  const [response] = await once(asked, 'response');
  assert.equal(((await json(response)) as { event: string }).event, 'done');
  const client = await connectWs(server.app, undefined, { ca: cert });
  assert.equal((await client.ask('server.ping').end).event, 'done');
  await client.close();
  await assert.rejects(fetch(`${http!.replace('https', 'http')}/health`));
  const suite = async (options: ConnectionOptions): Promise<string> => {
    const { port, hostname: host } = new URL(http!);
    const socket = connect({ port: Number(port), host, ca: cert, ...options });
    await once(socket, 'secureConnect');
    const { name } = socket.getCipher();
    socket.destroy();
    return name;
  };
  const old = (ciphers: string): ConnectionOptions => ({ maxVersion: 'TLSv1.2', ciphers });
  assert.equal(await suite(old('ECDHE-ECDSA-AES128-GCM-SHA256')), 'ECDHE-ECDSA-AES128-GCM-SHA256');
  assert.match(await suite({ minVersion: 'TLSv1.3' }), /^TLS_/);
  // In CBC, and before TLS 1.2.
  for (const refused of [
    old('ECDHE-ECDSA-AES128-SHA256'),
    old('ECDHE-ECDSA-AES256-SHA'),
    { ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const,
  ])
    await assert.rejects(suite(refused), JSON.stringify(refused));
  await writeFile(tlsKey, makeCertificate().key);
  await assert.rejects(newServer(t, { config: { tlsCert, tlsKey } }), { code: 'bad_certificate' });
});
