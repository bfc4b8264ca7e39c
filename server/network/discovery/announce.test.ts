import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import mdns from 'multicast-dns';
import { type Announcement, announce } from './announce.ts';
import { networksOf } from './networks.ts';
import { type Answer, answersTo, isConflict, recordsOf, type Service } from './records.ts';

const services: Service[] = [
  { type: '_foleyd._tcp', port: 9247, txt: { path: '/ws' } },
  { type: '_osc._udp', port: 9248, txt: {} },
];
const records = recordsOf(services, 'foleyd on a.b', 'a-foleyd', '10.0.0.5');
const brief = (list: readonly Answer[]): string[] => list.map(({ type, name }) => `${type} ${name}`);

test('who asks for a kind gets its names, and what is needed to reach them', () => {
  const { answers, additionals } = answersTo([{ name: '_OSC._udp.local', type: 'PTR' }], records);
  assert.deepEqual(brief(answers), ['PTR _osc._udp.local']);
  const instance = 'foleyd on a-b._osc._udp.local';
  assert.deepEqual(brief(additionals), [`SRV ${instance}`, `TXT ${instance}`, 'A a-foleyd.local']);
  assert.deepEqual(answersTo([{ name: '_http._tcp.local', type: 'PTR' }], records).answers, []);
  assert.equal(answersTo([{ name: instance, type: 'ANY' }], records).answers.length, 2);
  assert.deepEqual(
    answersTo([{ name: '_osc._udp.local', type: 'PTR' }], records, answers).answers,
    [],
    'known already',
  );
});

test('another port under our name is a conflict, our own record is none', () => {
  const own = records.find(({ type }) => type === 'SRV')!;
  assert.equal(isConflict(own, records), false);
  assert.ok(own.type === 'SRV');
  assert.equal(isConflict({ ...own, data: { ...own.data, port: 1 } }, records), true);
  assert.equal(
    isConflict({ ...own, name: 'other._foleyd._tcp.local', data: { ...own.data, port: 1 } }, records),
    false,
  );
});

test('a service is announced where it listens and nowhere else', () => {
  const card = (address: string, netmask: string, bits: number, internal = false) => {
    return { address, netmask, family: 'IPv4' as const, mac: '', internal, cidr: `${address}/${bits}` };
  };
  const cards = {
    lo: [card('127.0.0.1', '255.0.0.0', 8, true)],
    one: [card('10.1.2.3', '255.255.0.0', 16)],
    two: [{ ...card('192.168.1.5', '255.255.255.0', 24), cidr: null }],
  };
  const at = (host: string): string[] => networksOf(host, cards).map(({ address }) => address);
  assert.deepEqual([at('127.0.0.1'), at('localhost'), at('::1')], [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.1']]);
  assert.deepEqual([at('10.1.2.3'), at('10.9.9.9'), at('fe80::1')], [['10.1.2.3'], [], []]);
  assert.deepEqual(at('0.0.0.0'), ['10.1.2.3', '192.168.1.5']);
  const [wide, narrow] = networksOf('0.0.0.0', cards);
  assert.deepEqual([wide?.has('10.1.200.1'), wide?.has('10.2.0.1'), wide?.has('fe80::1')], [true, false, false]);
  assert.deepEqual([narrow?.has('192.168.1.200'), narrow?.has('192.168.2.1')], [true, false]);
});

/** A port of its own, so that the machine's mDNS hears nothing of it. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

function start(t: TestContext, port: number, service: Service): Announcement {
  const [network] = networksOf('127.0.0.1');
  const one = announce({
    services: [service],
    network: network!,
    name: 'foleyd',
    host: 'x',
    port,
    log: () => undefined,
  });
  t.after(() => one.close());
  return one;
}

test('it is found, one that comes later takes another name, and one that goes says so', async (t) => {
  const port = await freePort();
  const heard: Answer[] = [];
  const asker = mdns({ interface: '127.0.0.1', bind: '0.0.0.0', port });
  t.after(() => asker.destroy());
  const wake = new Set<() => void>();
  asker.on('response', ({ answers = [] }) => {
    heard.push(...answers);
    for (const woken of wake) woken();
  });
  const until = async (is: (answer: Answer) => boolean): Promise<void> => {
    while (!heard.some(is)) await new Promise<void>((resolve) => wake.add(resolve));
  };
  await once(asker, 'ready');
  const first = start(t, port, { type: '_osc._udp', port: 7001, txt: {} });
  assert.equal(await first.announced, 'foleyd');
  await until(({ type, name }) => type === 'SRV' && name === 'foleyd._osc._udp.local');
  const second = start(t, port, { type: '_osc._udp', port: 7002, txt: {} });
  assert.equal(await second.announced, 'foleyd (2)');
  heard.length = 0;
  asker.query('_osc._udp.local', 'PTR');
  for (const name of ['foleyd', 'foleyd (2)'])
    await until((answer) => answer.type === 'PTR' && answer.data === `${name}._osc._udp.local`);
  await first.close();
  await until((answer) => answer.type === 'SRV' && answer.ttl === 0 && answer.data.port === 7001);
});
