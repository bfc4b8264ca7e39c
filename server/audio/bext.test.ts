import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBext, writeBext } from './bext.ts';
import { writeIxml } from './ixml.ts';
import { writeCues, writeLoop } from './marks.ts';
import { chunksOf, findChunk } from './riff.ts';
import { packWav, wavFormat } from './wav.ts';

const layout = { rate: 8000, channels: 1, bits: 16 } as const;
const level = fc.option(fc.integer({ min: -9999, max: 9999 }).map((hundredths) => hundredths / 100));
const ascii = (most: number) => fc.string({ maxLength: most });

test('what bext says is read again as it was written, cut where its fields end', () => {
  const any = fc.record(
    {
      description: ascii(300),
      originator: ascii(40),
      originatorReference: ascii(40),
      truePeak: level,
      when: fc.integer({ min: 0, max: 4e12 }),
      timeReference: fc.maxSafeNat(),
      loudness: fc.record(
        { integrated: level, range: level, momentary: level, shortTerm: level },
        { noNullPrototype: true },
      ),
      codingHistory: fc.array(fc.stringMatching(/^[ -~]{1,80}$/), { maxLength: 4 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(any, (bext) => {
      const { when, ...given } = bext;
      const wav = packWav(new Int32Array(3), layout, [writeBext(bext), ...wavFormat(layout, 3)]);
      const { date, time, version, ...read } = readBext(findChunk(wav, 'bext')!)!;
      const cut = {
        ...given,
        description: given.description.slice(0, 256),
        originator: given.originator.slice(0, 32),
        originatorReference: given.originatorReference.slice(0, 32),
      };
      assert.deepEqual(read, cut);
      assert.equal(`${date}T${time}`, new Date(when).toISOString().slice(0, 19));
      assert.equal(version, 2);
    }),
  );
});

test('a measure that its field cannot hold is stated as unknown', () => {
  const loudness = { integrated: -120, range: null, momentary: Number.NEGATIVE_INFINITY, shortTerm: 1e9 };
  const bext = writeBext({
    description: 'ä犬\u0000x',
    originator: '',
    originatorReference: '',
    when: 0,
    timeReference: 0,
    loudness,
    truePeak: null,
    codingHistory: [],
  });
  const read = readBext(bext.subarray(8))!;
  assert.deepEqual(Object.values(read.loudness), [null, null, null, null]);
  assert.equal(read.description, 'a?');
});

test('readers of chunks take any bytes', (t) => {
  const seed = Number(process.env.FOLEYD_FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
  t.diagnostic(`FOLEYD_FUZZ_SEED=${seed}`);
  const loudness = { integrated: -23, range: 1, momentary: -20, shortTerm: -22 };
  const bext = writeBext({
    description: 'd',
    originator: 'o',
    originatorReference: 'r',
    when: 1e12,
    timeReference: 5,
    loudness,
    truePeak: -2,
    codingHistory: ['A=PCM'],
  });
  const chunks = [bext, ...wavFormat(layout, 9), writeIxml([['NOTE', 'x']]), ...writeCues([{ at: 3, name: 'onset' }])];
  const good = packWav(new Int32Array(9), layout, [...chunks, writeLoop({ first: 1, last: 8 }, 8000)]);
  const unharmed = (bytes: Uint8Array): void => {
    for (const id of ['bext', 'fmt ', 'iXML', 'cue ', 'smpl', 'data']) {
      const body = findChunk(bytes, id);
      if (body !== null && id === 'bext') readBext(body);
    }
    let count = 0;
    for (const { at } of chunksOf(bytes, 12)) assert.ok(at <= bytes.length && ++count <= bytes.length);
  };
  // Where sizes and ids lie, most of the time.
  const place = fc.oneof(fc.nat(good.length - 1), fc.constantFrom(...[...chunksOf(good, 12)].map(({ at }) => at - 4)));
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 8 }), fc.nat(good.length), (edits, cut) => {
      const bytes = good.slice(0, cut > good.length / 2 ? good.length : cut);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      unharmed(bytes);
    }),
    { seed, numRuns: 4000 },
  );
});
