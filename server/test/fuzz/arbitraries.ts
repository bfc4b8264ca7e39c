import process from 'node:process';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { commandNames } from '../../../protocol/index.ts';
import { EXTREMES } from './extremes.ts';

/** One seed per run, printed, so that a failure can be had again: FOLEYD_FUZZ_SEED=<seed>, and FOLEYD_FUZZ_RUNS for more. */
export function fuzzing(t: TestContext): { seed: number; numRuns: number } {
  const seed = Number(process.env.FOLEYD_FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
  t.diagnostic(`FOLEYD_FUZZ_SEED=${seed}`);
  return { seed, numRuns: Number(process.env.FOLEYD_FUZZ_RUNS ?? 150) };
}

const extremes = fc.constantFrom<unknown>(
  ...EXTREMES,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  undefined,
  'Rain',
  'DogBark',
  1,
);

const anything = fc.oneof({ weight: 3, arbitrary: extremes }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) });

const argument = fc.constantFrom(
  ...['class', 'voice', 'seed', 'temperature', 'topK', 'topP', 'count', 'format', 'rate', 'previews', 'rows', 'audio'],
  ...['save', 'job', 'request', 'payload', 'nothing', '__proto__', 'toString'],
);

/** Arguments that mostly hold, so that jobs run beside what is refused. */
const plausible = fc.record(
  {
    class: fc.constantFrom<unknown>('Rain', 'dogbark', 0, '1', { Rain: 1, DogBark: 0.5 }),
    seed: fc.oneof(fc.nat(), fc.nat().map(String)),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    count: fc.integer({ min: 1, max: 3 }),
    rate: fc.integer({ min: 8000, max: 48_000 }),
    previews: fc.boolean(),
    rows: fc.boolean(),
    audio: fc.boolean(),
    save: fc.boolean(),
  },
  { requiredKeys: ['class'] },
);

export const args = fc.oneof(
  { weight: 3, arbitrary: plausible },
  { weight: 3, arbitrary: fc.dictionary(argument, anything, { maxKeys: 6 }) },
  {
    weight: 2,
    arbitrary: fc.tuple(plausible, fc.dictionary(argument, anything, { maxKeys: 1 })).map(([a, b]) => ({ ...a, ...b })),
  },
  { weight: 1, arbitrary: anything },
);

export const command = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<unknown>(...commandNames) },
  { weight: 1, arbitrary: anything },
);

/** Requests, nearly requests, and things that are none. */
export const message = fc.oneof(
  { weight: 4, arbitrary: fc.record({ id: fc.string({ minLength: 1, maxLength: 8 }), cmd: command, args }) },
  { weight: 2, arbitrary: fc.record({ id: anything, cmd: command, args, more: anything }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: anything },
);

/** Text or bytes with a few places changed, cut or doubled. */
export function mutated(bytes: Uint8Array, changes: readonly { at: number; to: number; kind: number }[]): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (const { at, to, kind } of changes) {
    const place = out.length === 0 ? 0 : at % out.length;
    if (kind === 0 && out.length > 0) out[place] = to;
    else if (kind === 1) out = out.slice(0, place);
    else out = Uint8Array.from([...out.slice(0, place), to, ...out.slice(place)]);
  }
  return out;
}

/** Mostly none: a changed byte makes most messages unreadable, and those are soon all alike. */
export const changes = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record({ at: fc.nat(4096), to: fc.integer({ min: 0, max: 255 }), kind: fc.integer({ min: 0, max: 2 }) }),
      { maxLength: 4 },
    ),
  },
);
