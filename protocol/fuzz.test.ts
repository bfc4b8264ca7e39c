import assert from 'node:assert/strict';
import test from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { z } from 'zod';
import {
  type Codec,
  commandNames,
  commandOf,
  errorCodes,
  jsonCodec,
  msgpackCodec,
  ProtocolError,
  parseArgs,
  parseRequest,
} from './index.ts';

// A failure prints its seed and path; FUZZ_SEED=<seed> repeats the run, FUZZ_RUNS asks for more of it.
const seed = process.env.FUZZ_SEED;
const runs = Number(process.env.FUZZ_RUNS ?? 300);
fc.configureGlobal({ numRuns: runs, ...(seed === undefined ? {} : { seed: Number(seed) }) });

/** Runs a parser on anything: it may return or throw a ProtocolError of a known code, and nothing else. */
function survives<T>(parse: () => T): T | ProtocolError {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    assert.ok(errorCodes.includes(error.code));
    assert.ok(error.message.length < 400, 'messages do not echo what was sent at length');
    // What is thrown is sent: it must itself encode.
    jsonCodec.encode({ id: error.id ?? null, event: 'failed', data: error.toData() });
    msgpackCodec.encode({ id: error.id ?? null, event: 'failed', data: error.toData() });
    return error;
  }
}

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withTypedArray: true,
  withSparseArray: true,
});
const bytes = fc.uint8Array({ maxLength: 300 });

type JsonSchema = {
  type?: string;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
};

/** JSON has no negative zero. */
const positiveZero = (value: number) => value + 0;

const hasType = ({ type, anyOf, enum: values }: JsonSchema): boolean => (type ?? anyOf ?? values) !== undefined;

/** Values that a declaration accepts, from the declaration itself. */
function valid(schema: JsonSchema): fc.Arbitrary<unknown> {
  // Bytes have no type there: JSON says them as text, which is another branch.
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.filter(hasType).map(valid));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { minimum: min = -1e6, maximum: max = 1e6, exclusiveMinimum } = schema;
  switch (schema.type) {
    case 'string':
      if (schema.pattern !== undefined) return fc.nat(4294967295).map(String);
      return fc.string({
        minLength: schema.minLength ?? 0,
        maxLength: Math.min(schema.maxLength ?? 20, 20),
        unit: 'grapheme',
      });
    case 'integer':
      return fc.integer({ min, max });
    case 'number':
      return fc
        .double({ min: exclusiveMinimum ?? min, minExcluded: exclusiveMinimum !== undefined, max, noNaN: true })
        .map(positiveZero);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valid(schema.items as JsonSchema), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 8, 8),
      });
    case 'object': {
      if (schema.properties !== undefined) {
        const fields = Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, valid(value)]));
        return fc.record(fields, { requiredKeys: schema.required ?? [], noNullPrototype: true });
      }
      const names = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name !== '__proto__');
      return fc.dictionary(names, valid(schema.additionalProperties as JsonSchema), {
        minKeys: 1,
        maxKeys: 16,
        noNullPrototype: true,
      });
    }
    default:
      throw new TypeError(`no arbitrary for ${JSON.stringify(schema)}`);
  }
}

type Name = (typeof commandNames)[number];
const accepts = (cmd: Name, args: unknown): boolean => commandOf(cmd).args.safeParse(args).success;

/**
 * Some arguments exclude each other, which a schema does not say: of the optional ones, those that the declaration accepts
 * beside the ones before them.
 */
function agreeing(cmd: Name, args: Record<string, unknown>, required: readonly string[]): Record<string, unknown> {
  if (accepts(cmd, args)) return args;
  const rest = Object.entries(args).filter(([key]) => !required.includes(key));
  let kept = Object.fromEntries(Object.entries(args).filter(([key]) => required.includes(key)));
  for (const [key, value] of rest) if (accepts(cmd, { ...kept, [key]: value })) kept = { ...kept, [key]: value };
  return kept;
}

/** Of every command: made once, since reading a declaration takes longer than many requests. */
const validRequest = fc.oneof(
  ...commandNames.map((cmd) => {
    const schema = z.toJSONSchema(commandOf(cmd).args, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    const args = (valid(schema) as fc.Arbitrary<Record<string, unknown>>)
      .map((value) => agreeing(cmd, value, schema.required ?? []))
      .filter((value) => accepts(cmd, value));
    return fc.record(
      { id: fc.string({ minLength: 1, maxLength: 64 }), cmd: fc.constant(cmd), args },
      { noNullPrototype: true },
    );
  }),
);

const codecs: [Codec, (value: unknown) => string | Uint8Array][] = [
  [jsonCodec, (value) => JSON.stringify(value)],
  [msgpackCodec, (value) => encode(value)],
];

for (const [codec, write] of codecs) {
  test(`${codec.name}: random bytes and text only throw ProtocolError`, () => {
    fc.assert(
      fc.property(fc.oneof(bytes, fc.string(), fc.json()), (frame) => void survives(() => codec.decode(frame))),
    );
    fc.assert(
      fc.property(fc.oneof(bytes, fc.string(), fc.json()), (frame) => void survives(() => codec.decodeAnswer(frame))),
    );
  });

  test(`${codec.name}: damaged requests only throw ProtocolError`, () => {
    fc.assert(
      fc.property(validRequest, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }), (request, at, noise) => {
        const frame = codec.encodeRequest(request);
        const damaged = typeof frame === 'string' ? new TextEncoder().encode(frame) : frame.slice();
        const start = at % damaged.length;
        damaged.set(noise.subarray(0, damaged.length - start), start);
        const read = survives(() => codec.decode(damaged));
        if (!(read instanceof ProtocolError)) survives(() => parseArgs(read.cmd, read.args, read.id));
      }),
    );
  });

  test(`${codec.name}: whatever another encoder can write only throws ProtocolError`, () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), fc.jsonValue(), (value, args) => {
        survives(() => codec.decode(write(value)));
        survives(() => codec.decode(write({ id: 'a', cmd: 'foley.generate', args })));
      }),
    );
  });

  test(`${codec.name}: every valid request comes back and is accepted`, () => {
    fc.assert(
      fc.property(validRequest, (request) => {
        const read = codec.decode(codec.encodeRequest(request));
        assert.deepEqual(read, request);
        assert.deepEqual(parseArgs(read.cmd, read.args), parseArgs(request.cmd, request.args));
        assert.deepEqual(codec.decode(write(request)), request);
      }),
    );
  });

  test(`${codec.name}: every answer comes back, bytes included`, () => {
    const data = fc.record(
      {
        pcm: fc.uint8Array({ maxLength: 100 }),
        offset: fc.nat(),
        text: fc.string(),
        codes: fc.array(fc.nat(511)),
        seconds: fc.double({ noNaN: true, noDefaultInfinity: true }).map(positiveZero),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        fc.option(fc.string({ minLength: 1, maxLength: 64 })),
        fc.constantFrom('audio', 'preview'),
        data,
        (id, event, value) => {
          const answer = { id, event, data: value };
          assert.deepEqual(codec.decodeAnswer(codec.encode(answer)), answer);
        },
      ),
    );
  });
}

test('envelope and arguments: any value at all only throws ProtocolError', () => {
  fc.assert(fc.property(anything, (value) => void survives(() => parseRequest(value))));
  fc.assert(
    fc.property(anything, anything, anything, (id, cmd, args) => void survives(() => parseRequest({ id, cmd, args }))),
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom(...commandNames)),
      anything,
      (cmd, args) => void survives(() => parseArgs(cmd, args)),
    ),
  );
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('class', 'seed', 'temperature', 'topK', 'count', 'rate', 'x'), anything),
      (args) => {
        survives(() => parseArgs('foley.generate', args));
      },
    ),
  );
});
