import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servicesOf, urlsOf } from './addresses.ts';

const place = { host: '127.0.0.1', oscHost: '127.0.0.1', tlsCert: undefined };

test('clients are told an address that they can reach, by the protocol that is spoken there', () => {
  const ports = { http: 1, osc: 2 };
  assert.deepEqual(urlsOf(place, ports), {
    http: 'http://127.0.0.1:1',
    ws: 'ws://127.0.0.1:1/ws',
    osc: 'osc.udp://127.0.0.1:2',
  });
  const secure = urlsOf({ ...place, host: '::', oscHost: '0.0.0.0', tlsCert: 'cert.pem' }, ports);
  assert.deepEqual(secure, { http: 'https://[::1]:1', ws: 'wss://[::1]:1/ws', osc: 'osc.udp://127.0.0.1:2' });
  assert.deepEqual(urlsOf(place, { http: null, osc: null }), { http: null, ws: null, osc: null });
});

test('what can be found is what is open, and says whether it asks for a token', () => {
  const told = { version: '1.2.3', needsToken: true };
  const [foleyd, oscjson, osc] = servicesOf(place, { http: 1, osc: 2 }, told);
  assert.deepEqual(foleyd?.txt, { txtvers: '1', version: '1.2.3', path: '/ws', token: 'yes' });
  assert.deepEqual([oscjson?.type, oscjson?.port, oscjson?.txt.token], ['_oscjson._tcp', 1, 'yes']);
  assert.deepEqual([osc?.type, osc?.port, osc?.txt.token], ['_osc._udp', 2, undefined]);
  const types = servicesOf(place, { http: 1, osc: null }, { ...told, needsToken: false });
  assert.deepEqual(
    types.map(({ type, txt }) => [type, txt.token]),
    [['_foleyd._tcp', 'no']],
  );
});
