import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import test from 'node:test';
import { ProtocolError } from '../../../protocol/index.ts';
import { type Access, checkHost, checkOrigin, grantOf } from './guard.ts';

/** Tells what it was asked. */
const tokens: Access['tokens'] = {
  grant(token, fromThisMachine) {
    throw new ProtocolError('unauthorized', JSON.stringify([token, fromThisMachine]));
  },
};
const local: Access = { host: '127.0.0.1', allowHosts: [], allowOrigins: [], tokens };
const open: Access = { ...local, host: '0.0.0.0', allowHosts: ['studio.local'] };
const request = (headers: Record<string, string>): IncomingMessage => ({ headers }) as unknown as IncomingMessage;
const url = (text: string): URL => new URL(text, 'http://host');

test('names of this machine may be called; a name that only points here may not', () => {
  for (const host of ['127.0.0.1:9247', 'localhost', 'LOCALHOST:1', 'localhost.:9247', '[::1]:9247'])
    checkHost(host, local);
  for (const host of ['evil.example:9247', '127.0.0.1.evil.example', '10.0.0.5:9247', '', undefined, 'a b', 'x:y:z']) {
    assert.throws(() => checkHost(host, local), { code: 'forbidden' }, String(host));
  }
});

test('a request with two Host headers is refused, even if both are right', () => {
  checkHost('localhost', local, ['Host', 'localhost', 'Accept', 'Host']);
  assert.throws(() => checkHost('localhost', local, ['Host', 'localhost', 'host', 'localhost']), { code: 'malformed' });
});

test('a server that is open to others takes its configured names and bare addresses', () => {
  for (const host of ['studio.local:9247', 'Studio.Local.', '192.168.1.5:9247', '[fe80::1]:9247'])
    checkHost(host, open);
  assert.throws(() => checkHost('evil.example', open), { code: 'forbidden' });
});

test('programs and pages of this machine may connect, pages of others only when named', () => {
  const named = { ...local, allowOrigins: ['https://daw.example'] };
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443', 'http://localhost.:3000']) {
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

test('a token is read from the header or the address, and whence it comes from the connection', () => {
  const asked = (headers: Record<string, string>, target: string, socket: object): unknown => {
    try {
      grantOf({ headers, socket } as unknown as IncomingMessage, url(target), local);
    } catch (error) {
      return JSON.parse((error as Error).message);
    }
    return null;
  };
  const [here, there] = [
    { remoteAddress: '::ffff:127.0.0.1' },
    { remoteAddress: '10.0.0.7', localAddress: '10.0.0.5' },
  ];
  assert.deepEqual(asked({}, '/ws', here), [null, true]);
  assert.deepEqual(asked({}, '/ws?token=', there), ['', false]);
  assert.deepEqual(asked({}, '/ws?token=a%20long%20secret', there), ['a long secret', false]);
  assert.deepEqual(asked({ authorization: 'bearer x' }, '/ws?token=y', here), ['x', true]);
  assert.deepEqual(asked({ authorization: 'Basic eDp5' }, '/', here), [null, true]);
  assert.deepEqual(asked({}, '/', { remoteAddress: '10.0.0.5', localAddress: '10.0.0.5' }), [null, true]);
  assert.deepEqual(asked({}, '/', {}), [null, false]);
});
