import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EngineError } from '../errors.ts';
import { card } from '../fixtures.ts';
import { parseCard } from './card.ts';

const good = card('tiny');
const corrupt = (pattern: RegExp) => (error: unknown) =>
  error instanceof EngineError && error.code === 'voice_corrupt' && pattern.test(error.message);

test('a card keeps what the engine does not know', () => {
  assert.deepEqual(parseCard(JSON.stringify({ ...good, mood: 'fine' })).mood, 'fine');
});

const cases: [string, Record<string, unknown>, RegExp][] = [
  ['another format', { format: 'other' }, /format/],
  ['axes that miss one', { grid: { ...good.grid, colAxes: ['frequency'] } }, /once each/],
  ['a grid that is not the product of its axes', { grid: { ...good.grid, rows: 9 } }, /product/],
  [
    'a graph outside the folder',
    { graphs: { ...good.graphs, row: { ...good.graphs.row, file: '../row.onnx' } } },
    /graphs\.row\.file/,
  ],
  [
    'an absolute path',
    { graphs: { ...good.graphs, row: { ...good.graphs.row, file: '/etc/passwd' } } },
    /graphs\.row\.file/,
  ],
  ['an even kernel', { prior: { ...good.prior, kernel: 4 } }, /kernel/],
  ['classes out of order', { classes: good.classes.toReversed() }, /classes/],
  [
    'cells of several codes and no graph for them',
    { grid: { ...good.grid, rows: 4, cols: 6, rowAxes: ['frequency'], depthAxes: ['codebook'] } },
    /graphs.*depth1/,
  ],
  ['a kernel of one row', { prior: { ...good.prior, kernel: [1, 5] } }, /kernel/],
  ['the hash of another voice', { hash: 'a'.repeat(64) }, /hash/],
  ['a kernel that sees nothing', { prior: { ...good.prior, kernel: 1 } }, /kernel/],
  ['guidance out of range', { sampling: { guidance: { default: 8.5 } } }, /sampling\.guidance\.default/],
  ['a share above 1', { sampling: { guidance: { default: 1, plausible: 1.5 } } }, /sampling\.guidance\.plausible/],
  ['guidance that is no number', { sampling: { guidance: { default: null } } }, /sampling\.guidance\.default/],
  [
    'guidance of a class it has not',
    { sampling: { guidance: { default: 1, classes: { Unicorn: 1 } } } },
    /sampling\.guidance\.classes\.Unicorn/,
  ],
  ['a null class that is neither there nor not', { prior: { ...good.prior, nullClass: 1 } }, /prior\.nullClass/],
  ['a condition that never runs', { prior: { ...good.prior, conditionRows: [4] } }, /row 0/],
];
for (const [what, change, pattern] of cases)
  test(`a card with ${what} is refused`, () => {
    assert.throws(() => parseCard(JSON.stringify({ ...good, ...change })), corrupt(pattern));
  });

test('any text gives a card or voice_corrupt', () => {
  const tryIt = (text: string): void => {
    try {
      parseCard(text);
    } catch (error) {
      assert.ok(corrupt(/./)(error), String(error));
    }
  };
  fc.assert(fc.property(fc.string(), tryIt));
  fc.assert(fc.property(fc.json(), tryIt));
  const keys = Object.keys(good);
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) =>
      tryIt(JSON.stringify({ ...good, [key]: value })),
    ),
  );
});
