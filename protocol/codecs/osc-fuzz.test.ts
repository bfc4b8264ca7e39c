import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  commandNames,
  commandOf,
  decodeOsc,
  encodeOsc,
  encodeOscFailed,
  type OscItem,
  oscMessage,
  ProtocolError,
  parseArgs,
} from '../index.ts';
import { shortFloat } from './osc-words.ts';

// A failure prints its seed and path; FUZZ_SEED=<seed> repeats the run, FUZZ_RUNS asks for more of it.
const seed = process.env.FUZZ_SEED;
fc.configureGlobal({
  numRuns: Number(process.env.FUZZ_RUNS ?? 300),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});

const bytes = fc.uint8Array({ maxLength: 300 });

/** Lets nothing but ProtocolError be thrown. */
function orRefused<T>(parse: () => T): T | ProtocolError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/** Handles a datagram as the transport does, up to and including what it answers. */
function hear(datagram: Uint8Array): OscItem[] {
  const batches = orRefused(() => decodeOsc(datagram, 1.79e12));
  if (batches instanceof ProtocolError) return [];
  const items = batches.flatMap((batch) => batch.items);
  for (const item of items) {
    if (item.kind === 'refused') encodeOscFailed(item.error, item.echo);
    if (item.kind !== 'request') continue;
    const error = orRefused(() => parseArgs(item.cmd, item.args));
    if (error instanceof ProtocolError)
      encodeOsc(item.cmd, item.echo, { id: 'a', event: 'failed', data: error.toData() });
  }
  return items;
}

const word = fc.oneof(
  fc.string(),
  fc.constantFrom('temperature', 'seed', 'topK', 'rows', 'save', 'class', '__proto__', '1', 'A:1+B:2'),
);
const oscArg = fc.oneof(
  word.filter((text) => !text.includes('\0')).map((value) => ({ type: 'string', value }) as const),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => ({ type: 'integer', value }) as const),
  fc.float().map((value) => ({ type: 'float', value }) as const),
  fc.double().map((value) => ({ type: 'double', value }) as const),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 'bigint', value }) as const),
  fc.constantFrom(
    { type: 'true' } as const,
    { type: 'false' } as const,
    { type: 'null' } as const,
    { type: 'bang' } as const,
  ),
  fc.uint8Array({ maxLength: 9 }).map((value) => ({ type: 'blob', value }) as const),
);
const address = fc.constantFrom(
  ...commandNames.flatMap((name) => commandOf(name).osc?.address ?? []),
  '/foley/reply',
  '/x',
);
const datagram = fc.tuple(address, fc.array(oscArg, { maxLength: 8 })).map(([to, args]) => oscMessage(to, ...args));

test('osc: random datagrams only throw ProtocolError', () => {
  fc.assert(fc.property(bytes, (data) => void hear(data)));
  const bundled = bytes.map((data) => new Uint8Array([...new TextEncoder().encode('#bundle\0'), ...data]));
  fc.assert(fc.property(bundled, (data) => void hear(data)));
});

test('osc: any typed message is a request or refused under its id', () => {
  fc.assert(fc.property(datagram, (data) => assert.equal(hear(data).length, 1)));
});

test('osc: damaged datagrams only throw ProtocolError', () => {
  fc.assert(
    fc.property(datagram, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.nat(), (data, at, noise, cut) => {
      const damaged = data.slice();
      const start = at % damaged.length;
      damaged.set(noise.subarray(0, damaged.length - start), start);
      hear(damaged);
      hear(damaged.subarray(0, cut % damaged.length));
    }),
  );
});

test('osc: every float32 is read as a decimal that is that float32', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => assert.equal(Math.fround(shortFloat(value)) + 0, value + 0)),
  );
});
