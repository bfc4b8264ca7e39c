import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { toBuffer } from 'osc-min';
import { limits, oscMessage } from '../../../protocol/index.ts';
import { createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { besideAnother } from '../support/bystander.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { connectOsc, type OscHeard } from '../support/osc-client.ts';
import { memoryLog, newServer, temporary } from '../support/server.ts';

const failures = (heard: OscHeard[]): unknown[] =>
  heard.filter(({ address }) => address === '/foley/failed').map(({ args }) => [args[0], args[1]]);

/** A bundle `ms` from now, as osc-min writes it. */
function bundle(ms: number, ...elements: { address: string; args: (string | number)[] }[]): Uint8Array {
  const view = toBuffer({ timetag: new Date(Date.now() + ms), elements });
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

test('datagrams that are no OSC are answered as malformed, and others go on', async (t) => {
  const server = await newServer(t);
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  const good = Buffer.from('/foley/ping\0,s\0\0x\0\0\0');
  const bad = [
    ...[Buffer.alloc(0), Buffer.from('hello'), Buffer.from('/'), Buffer.from('#bundle\0'), Buffer.alloc(64, 0xff)],
    ...[good.subarray(0, 13), Buffer.concat([good, Buffer.alloc(3, 1)]), Buffer.from('/foley/ping\0,i\0\0')],
    Buffer.concat([Buffer.from('#bundle\0\0\0\0\0\0\0\0\x01\x7f\xff\xff\xff', 'latin1'), good]),
  ];
  await besideAnother(server, async () => {
    for (const datagram of bad) client.raw(datagram);
    client.send('/foley/ping', 'last');
    await client.message(({ address, args }) => address === '/foley/pong' && args[0] === 'last');
  });
  const told = failures(client.heard) as [string, string][];
  assert.ok(told.length >= bad.length - 2, `${told.length} of ${bad.length}`);
  for (const one of told) assert.deepEqual(one, ['', 'malformed']);
});

test('wrong messages are told under their id, and patterns match nothing', async (t) => {
  const server = await newServer(t);
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  client.send('/foley/nothing', 'a');
  client.send('/foley/*', 'b');
  client.send('/foley/generate', 'c', 'Unicorn');
  client.send('/foley/generate', 'd', 'Rain', 1, 'temperature', { type: 'float', value: Number.NaN });
  client.send('/foley/generate', 'e', 'Rain', 1, 'count', 1e9);
  client.send('/foley/generate', 'f', 'Rain', 1, 'volume');
  client.send('/foley/generate', 7, 'Rain', 1, 'audio', 1);
  client.send('/foley/generate');
  client.send('/foley/reply', 'everywhere');
  await client.message(() => failures(client.heard).length === 9);
  const codes = new Map((failures(client.heard) as [unknown, string][]).map(([id, code]) => [id, code]));
  assert.equal(codes.get('/foley/nothing'), 'unknown_command');
  assert.equal(codes.get('/foley/*'), 'unknown_command');
  assert.equal(codes.get('c'), 'unknown_class');
  for (const id of ['d', 'e', 'f', 7]) assert.equal(codes.get(id), 'bad_args', String(id));
  assert.equal(codes.get('/foley/generate'), 'bad_envelope');
  assert.equal(codes.get('/foley/reply'), 'bad_args');
  assert.deepEqual(server.engine.begun, []);
});

test('watchers and the log learn of what a sender that reads no answers sent wrongly, whoever refused it, and of no more', async (t) => {
  const server = await newServer(t);
  const seen: string[][] = [];
  const watcher = server.app.connect('admin');
  watcher.onAnswer(({ event, data }) => {
    if (event === 'refused') seen.push([data.transport, data.address, data.code, data.message] as string[]);
  });
  watcher.send({ id: 'w', cmd: 'server.watch', args: { jobs: false, hits: false, pools: false, refused: true } });
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  // A clip, a job that is cancelled, and one that fails after it was accepted: its end is told as a job's.
  client.send('/foley/generate', 'a', 'Rain', 1);
  await client.message(({ address }) => address === '/foley/done');
  server.engine.hold();
  client.send('/foley/generate', 'b', 'Rain', 1);
  await client.message(({ address, args }) => address === '/foley/accepted' && args[0] === 'b');
  client.send('/foley/cancel', 'b');
  await client.message(({ address, args }) => address === '/foley/failed' && args[0] === 'b');
  server.engine.release();
  client.send('/foley/nothing', 'd');
  client.send('/foley/generate', 'DogBark');
  client.send('/foley/generate', 'e', 'Unicorn');
  client.send('/foley/hit', 'no-such-pad', 1);
  await client.message(() => failures(client.heard).length === 5);
  const told = failures(client.heard).slice(1) as [string, string][];
  assert.deepEqual(told.map(([id]) => id).sort(), ['/foley/nothing', 'DogBark', 'e', 'no-such-pad']);
  assert.deepEqual(
    seen.map(([transport, address, code]) => [transport, address, code]),
    told.map(([, code]) => ['osc', `127.0.0.1:${client.port}`, code]),
  );
  assert.ok(seen.some(([, , , message]) => message!.includes('Unicorn')));
  const logged = server.log().filter(({ msg }) => msg === 'an OSC message was refused');
  assert.deepEqual(
    logged.map(({ code }) => code),
    seen.map(([, , code]) => code),
  );
});

test('an id is echoed in the type it came in, also when a second request takes it', async (t) => {
  const server = await newServer(t);
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  server.engine.hold();
  client.send('/foley/generate', 5, 'Rain', 1);
  await client.message(({ address }) => address === '/foley/accepted');
  client.send('/foley/generate', '5', 'Rain', 2);
  await client.message(({ args }) => args[1] === 'duplicate_id');
  server.engine.release();
  const { args } = await client.message(({ address }) => address === '/foley/done');
  assert.equal(args[0], 5);
});

test('a bundle is handled at its time, at once when that is past, and in its order', async (t) => {
  const server = await newServer(t);
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  client.raw(bundle(300, { address: '/foley/ping', args: ['later'] }));
  client.raw(bundle(-5000, { address: '/foley/ping', args: ['past'] }, { address: '/foley/ping', args: ['past too'] }));
  client.send('/foley/ping', 'now');
  await client.message(({ args }) => args[0] === 'later');
  assert.deepEqual(
    client.heard.map(({ args }) => args[0]),
    ['past', 'past too', 'now', 'later'],
  );
});

test('a time too far ahead is refused, and so are more waiting bundles than there is room for', async (t) => {
  const server = await newServer(t, { config: { limits: { oscTimed: 2 } } });
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  client.raw(bundle(3_600_000, { address: '/foley/generate', args: ['far', 'Rain'] }));
  await client.message(({ args }) => args[0] === 'far' && args[1] === 'bad_args');
  for (let i = 0; i < 3; i++) client.raw(bundle(30_000, { address: '/foley/ping', args: [i] }));
  await client.message(({ args }) => args[1] === 'queue_full');
});

test('answers go to the port that a sender chose, and those of every other sender to itself', async (t) => {
  const server = await newServer(t);
  const [listener, first, second] = await Promise.all(Array.from({ length: 3 }, () => connectOsc(server.app)));
  t.after(() => Promise.all([listener, first, second].map((client) => client!.close())));
  first!.send('/foley/reply', listener!.port);
  first!.send('/foley/ping', 'sync');
  await listener!.message(({ args }) => args[0] === 'sync');
  await second!.ask('server.ping', { payload: 'my own' }).end;
  second!.send(`/foley/reply/${listener!.port}/foley/generate`, 'x', 'Rain', 1);
  second!.send(`/foley/reply/${listener!.port}/foley/nothing`);
  await listener!.message(({ address, args }) => address === '/foley/done' && args[0] === 'x');
  await listener!.message(({ args }) => args[0] === '/foley/nothing' && args[1] === 'unknown_command');
  await second!.ask('server.ping', { payload: 'still my own' }).end;
  assert.deepEqual([first!.heard.length, second!.heard.length], [0, 2]);
});

test('the port that a sender chose is forgotten when the sender is gone', async (t) => {
  const server = await newServer(t);
  const [listener, sender] = await Promise.all([connectOsc(server.app), connectOsc(server.app)]);
  t.after(() => listener.close());
  sender.send('/foley/reply', listener.port);
  sender.send('/foley/ping', 'sync');
  await listener.message(({ args }) => args[0] === 'sync');
  await sender.close();
  // Programs that get its port one after the other, until one of them hears its own answer.
  for (let round = 0, isOwn = false; !isOwn; round++) {
    await sleep(300);
    const next = createSocket('udp4');
    next.bind(sender.port, '127.0.0.1');
    await once(next, 'listening');
    next.send(oscMessage('/foley/ping', `round ${round}`), server.app.ports.osc ?? 0, '127.0.0.1');
    isOwn = await Promise.race([
      once(next, 'message').then(() => true),
      listener.message(({ args }) => args[0] === `round ${round}`).then(() => false),
    ]);
    next.close();
  }
});

test('a flood of broken datagrams is answered a bounded number of times and disturbs nobody', async (t) => {
  const server = await newServer(t);
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  await besideAnother(server, async () => {
    for (let i = 0; i < 3000; i++) {
      client.raw(Buffer.from('broken'));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const other = await connectOsc(server.app);
    // The system may drop some of a flood before the server sees it; the last word is repeated until it is heard.
    const again = setInterval(() => other.send('/foley/ping', 'last'), 20);
    await other.message(({ args }) => args[0] === 'last');
    clearInterval(again);
    await other.close();
  });
  assert.ok(failures(client.heard).length < 1000, `${failures(client.heard).length} complaints`);
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address !== undefined && address.family === 'IPv4' && !address.internal)?.address;

test('a machine that was not allowed is not answered', {
  skip: outside ? false : 'no address but loopback',
}, async (t) => {
  const server = await newServer(t, { config: { oscHost: '0.0.0.0', oscAllow: '203.0.113.1' } });
  const stranger = createSocket('udp4');
  stranger.bind(0, outside);
  await once(stranger, 'listening');
  t.after(() => stranger.close());
  let heard = 0;
  stranger.on('message', () => heard++);
  const ping = Buffer.from('/foley/ping\0,\0\0\0');
  for (let i = 0; i < 20; i++) stranger.send(ping, server.app.ports.osc ?? 0, outside);
  const ignored = (): number => server.log().filter(({ msg }) => String(msg).includes('ignored')).length;
  while (ignored() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const client = await connectOsc(server.app);
  await client.ask('server.ping', { payload: 'x' }).end;
  await client.close();
  assert.equal(heard, 0);
  assert.ok(ignored() <= 3, 'the log is not flooded either');
});

test('small requests of another machine do not draw a flood of answers, and it is told why', {
  skip: outside ? false : 'no address but loopback',
}, async (t) => {
  const server = await newServer(t, { config: { oscHost: '0.0.0.0', oscAllow: outside! } });
  // A request of 20 bytes is answered with a message per clip.
  await server.app.connect().call('foley.generate', { class: 'Rain', count: 50, save: true, audio: false });
  const other = createSocket('udp4');
  other.bind(0, outside);
  await once(other, 'listening');
  t.after(() => other.close());
  let [came, sent, ended] = [0, 0, 0];
  let isTold = false;
  other.on('message', (datagram) => {
    came += datagram.length;
    isTold ||= datagram.includes('rate_limited');
    if (isTold || datagram.includes('/foley/clips/done')) ended += 1;
  });
  const begun = performance.now();
  const ask = (id: number): void => {
    const datagram = Buffer.from(oscMessage('/foley/clips', id));
    sent += datagram.length;
    other.send(datagram, server.app.ports.osc ?? 0, outside);
  };
  for (let i = 0; i < 600 && !isTold; i++) {
    const before = ended;
    ask(i);
    // What the system loses is not waited for.
    for (let turns = 0; ended === before && turns < 50; turns++) await sleep(1);
  }
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(isTold, 'it is told why nothing comes');
  const { oscFreeBytes, oscFreeBytesPerSecond, oscAmplification } = limits;
  // One answer may begin while some bytes are left.
  const most = oscFreeBytes + oscFreeBytesPerSecond * seconds + oscAmplification * sent + 4096;
  assert.ok(came <= most, `${came} bytes came, ${most} may`);
  const local = await connectOsc(server.app);
  await local.ask('server.ping', { payload: 'x' }).end;
  await local.close();
});

test('an OSC port in use is told with its code, and nothing is left open', async (t) => {
  const taken = createSocket('udp4');
  taken.bind({ address: '127.0.0.1', port: 0, exclusive: true });
  await once(taken, 'listening');
  t.after(() => taken.close());
  const given = { port: 0, oscPort: taken.address().port, data: await temporary(t), models: await temporary(t) };
  const app = createApp(resolveConfig(given, {}), { engine: new ScriptedEngine(), log: memoryLog().log });
  await assert.rejects(app, { code: 'port_in_use', message: /UDP port \d+ .*--osc-port/ });
});
