import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import test from 'node:test';
import { type Access, checkHost, checkOrigin, roleOf } from './guard.ts';

const local: Access = { host: '127.0.0.1', allowHosts: [], allowOrigins: [], token: undefined, adminToken: undefined };
const open: Access = { ...local, host: '0.0.0.0', allowHosts: ['studio.local'], token: 'a long secret' };
const request = (headers: Record<string, string>): IncomingMessage => ({ headers }) as unknown as IncomingMessage;
const url = (text: string): URL => new URL(text, 'http://host');

test('names of this machine may be called; a name that only points here may not', () => {
  for (const host of ['127.0.0.1:9247', 'localhost', 'LOCALHOST:1', '[::1]:9247']) checkHost(host, local);
  for (const host of ['evil.example:9247', '127.0.0.1.evil.example', '10.0.0.5:9247', '', undefined, 'a b', 'x:y:z']) {
    assert.throws(() => checkHost(host, local), { code: 'forbidden' }, String(host));
  }
});

test('a server that is open to others takes its configured names and bare addresses', () => {
  for (const host of ['studio.local:9247', 'Studio.Local.', '192.168.1.5:9247', '[fe80::1]:9247'])
    checkHost(host, open);
  assert.throws(() => checkHost('evil.example', open), { code: 'forbidden' });
});

test('programs and pages of this machine may connect, pages of others only when named', () => {
  const named = { ...local, allowOrigins: ['https://daw.example'] };
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443']) {
    checkOrigin(request({ origin }), local);
  }
  checkOrigin(request({}), local);
  checkOrigin(request({ origin: 'https://daw.example' }), named);
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'file://',
    'https://daw.example.evil',
  ]) {
    assert.throws(() => checkOrigin(request({ origin }), named), { code: 'forbidden' }, origin);
  }
});

test('a page that this server itself is the host of may connect', () => {
  checkOrigin(request({ origin: 'http://192.168.1.5:9247', host: '192.168.1.5:9247' }), open);
  assert.throws(() => checkOrigin(request({ origin: 'http://192.168.1.6:9247', host: '192.168.1.5:9247' }), open));
});

test('without tokens everyone may play', () => {
  assert.equal(roleOf(request({}), url('/ws'), local), 'play');
});

test('a token is asked of everyone once it is set, as a header or in the address', () => {
  assert.throws(() => roleOf(request({}), url('/ws'), open), { code: 'unauthorized' });
  assert.throws(() => roleOf(request({}), url('/ws?token=wrong'), open), { code: 'unauthorized' });
  assert.throws(() => roleOf(request({}), url('/ws?token='), open), { code: 'unauthorized' });
  assert.equal(roleOf(request({}), url('/ws?token=a%20long%20secret'), open), 'play');
  const spaceless = { ...open, token: 'secret-token' };
  assert.equal(roleOf(request({ authorization: 'Bearer secret-token' }), url('/ws'), spaceless), 'play');
});

test('only the admin token gives the admin role, and a wrong one is said to be wrong', () => {
  const access = { ...local, adminToken: 'admin-secret' };
  assert.equal(roleOf(request({}), url('/'), access), 'play');
  assert.equal(roleOf(request({ authorization: 'Bearer admin-secret' }), url('/'), access), 'admin');
  assert.throws(() => roleOf(request({ authorization: 'Bearer guess' }), url('/'), access), { code: 'unauthorized' });
});
