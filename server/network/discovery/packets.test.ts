import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { canHoldItsRecords, discoverySocket } from './packets.ts';

/** A header that promises so many questions, answers, authorities and additional records, and `rest` bytes. */
function packet(counts: readonly number[], rest: number): Uint8Array {
  const bytes = Buffer.alloc(12 + rest);
  for (const [i, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * i);
  return bytes;
}

test('a packet may promise as many records as fit into its bytes', () => {
  assert.equal(canHoldItsRecords(packet([0, 0, 0, 0], 0)), true);
  assert.equal(canHoldItsRecords(packet([1, 0, 0, 0], 5)), true);
  assert.equal(canHoldItsRecords(packet([1, 0, 0, 0], 4)), false);
  for (const at of [1, 2, 3]) {
    const counts = [0, 0, 0, 0].with(at, 2);
    assert.equal(canHoldItsRecords(packet(counts, 22)), true);
    assert.equal(canHoldItsRecords(packet(counts, 21)), false);
  }
  assert.equal(canHoldItsRecords(packet([0, 65535, 65535, 65535], 9000)), false);
  assert.equal(canHoldItsRecords(new Uint8Array(11)), false);
  assert.equal(canHoldItsRecords(packet([1, 0, 0, 0], 5).subarray(0, 16)), false);
});

test('a socket of discovery hears packets that can be what they say, and no others', async (t) => {
  const socket = discoverySocket();
  const sender = createSocket('udp4');
  t.after(() => {
    socket.close();
    sender.close();
  });
  const heard: number[] = [];
  socket.on('message', (bytes) => heard.push(bytes.length));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  sender.send(packet([0, 25604, 24431, 29539], 35), socket.address().port, '127.0.0.1');
  sender.send(packet([1, 1, 0, 0], 16), socket.address().port, '127.0.0.1');
  await once(socket, 'message');
  assert.deepEqual(heard, [28]);
});
