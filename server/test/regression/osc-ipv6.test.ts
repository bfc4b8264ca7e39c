/** A program that sends OSC to localhost may send to ::1: datagrams that nobody hears are not reported to it. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import test from 'node:test';
import { fromBuffer, toBuffer } from 'osc-min';
import { newServer } from '../support/server.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

test('OSC is heard on ::1 and answered from there', { skip: hasIpv6 ? false : 'there is no ::1' }, async (t) => {
  const server = await newServer(t);
  const port = server.app.ports.osc!;
  for (const [type, host] of [['udp6', '::1'] as const, ['udp4', '127.0.0.1'] as const]) {
    const socket = createSocket(type);
    t.after(() => socket.close());
    // Connected sockets hear nothing that comes from another address or port than the one they send to.
    socket.connect(port, host);
    await once(socket, 'connect');
    const message = toBuffer({ address: '/foley/ping', args: [host] });
    socket.send(new Uint8Array(message.buffer, message.byteOffset, message.byteLength));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    const { address, args } = fromBuffer(answer) as { address: string; args: { value: unknown }[] };
    assert.deepEqual([address, args[0]!.value], ['/foley/pong', host]);
  }
});
