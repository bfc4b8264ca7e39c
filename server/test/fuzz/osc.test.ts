import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type OscArgInput, toBuffer } from 'osc-min';
import { isErrorCode } from '../../../protocol/index.ts';
import { besideAnother } from '../support/bystander.ts';
import { connectOsc } from '../support/osc-client.ts';
import { newServer } from '../support/server.ts';
import { changes, fuzzing, mutated } from './arbitraries.ts';

const argument: fc.Arbitrary<OscArgInput> = fc.oneof(
  fc.constantFrom<OscArgInput>(
    'Rain',
    'temperature',
    'count',
    'seed',
    '',
    'NaN',
    '__proto__',
    'x'.repeat(100),
    0,
    1,
    -1,
  ),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => ({ type: 'integer' as const, value })),
  fc.float().map((value) => ({ type: 'float' as const, value })),
  fc.double().map((value) => ({ type: 'double' as const, value })),
  fc.constantFrom<OscArgInput>(null, true, 'bang'),
  fc
    .uint8Array({ maxLength: 9 })
    .map((bytes) => ({ type: 'blob' as const, value: new DataView(bytes.slice().buffer) })),
  fc.string({ maxLength: 20 }).map((value) => ({ type: 'string' as const, value: value.replaceAll('\0', '') })),
);
const address = fc.oneof(
  fc.constantFrom('/foley/generate', '/foley/cancel', '/foley/ping', '/foley/voices', '/foley/info', '/foley', '/'),
  fc.constantFrom('/foley/{a,b}*[!x]?'.repeat(10), '//'),
);
const messages = fc.record({ address, args: fc.array(argument, { maxLength: 8 }) });

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const datagram = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(messages, changes).map(([one, edits]) => mutated(bytesOf(toBuffer(one)), edits)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.array(messages, { maxLength: 4 }), fc.nat(), changes).map(([elements, seconds, edits]) => {
      return mutated(bytesOf(toBuffer({ timetag: [seconds, 1], elements })), edits);
    }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
);

test('whatever datagrams come, the server answers with known codes and goes on', async (t) => {
  const run = fuzzing(t);
  const server = await newServer(t, { engine: { samples: 64 }, config: { limits: { clips: 64 } } });
  await besideAnother(server, async () => {
    let round = 0;
    const property = fc.asyncProperty(fc.array(datagram, { minLength: 1, maxLength: 12 }), async (sent) => {
      const client = await connectOsc(server.app);
      const last = `last ${++round}`;
      for (const one of sent) client.raw(one);
      // /foley/reply may have been among them: only its own address is sure to reach this client.
      client.send('/foley/reply', 0);
      client.send('/foley/ping', last);
      await client.message(({ address: at, args }) => at === '/foley/pong' && args[0] === last);
      for (const { address: at, args } of client.heard) {
        if (at !== '/foley/failed') continue;
        assert.ok(isErrorCode(args[1]) && args[1] !== 'internal', JSON.stringify(args));
      }
      await client.close();
    });
    await fc.assert(property, run);
  });
  assert.deepEqual(
    server.log().filter(({ level }) => Number(level) >= 50),
    [],
  );
});
