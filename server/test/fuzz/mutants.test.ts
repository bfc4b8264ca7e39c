/**
 * Frames that are right, changed a little, into everything that reads bytes from outside (parsers.ts, mutate.ts).
 * `FOLEYD_FUZZ=1000000` asks for so many in all, 26,000 without; `FOLEYD_FUZZ_SEED=<seed>` repeats a run. A failure
 * prints the seed and the frame in hex.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import test, { type TestContext } from 'node:test';
import { seededUniform } from '../../evaluation/measure.ts';
import { besideAnother } from '../support/bystander.ts';
import { newServer } from '../support/server.ts';
import { fuzzing } from './arbitraries.ts';
import { exchange, exchanges } from './connection-frames.ts';
import { mutate } from './mutate.ts';
import { isRefusal, type Parser } from './parser.ts';
import { allParsers } from './parsers.ts';

const total = Number(process.env.FOLEYD_FUZZ ?? 26_000);
/** Frames that are right come between so many that are not. */
const BETWEEN = 50;
/** No frame takes more than so many times as long as the slowest that is right, or as this, in milliseconds; longer ones as much more. */
const TIMES = 20;
const NOTHING_MS = 0.2;
/** A frame is slow by itself when it is so each of so many times: a machine has other things to do, too. */
const TRIES = 6;

const parsers = await allParsers();
for (const parser of parsers) {
  test(`${parser.name}: no mutant is more than refused, and frames that are right still work`, async (t) => {
    const { seed } = fuzzing(t);
    await survive(t, parser, Math.ceil(total / parsers.length), seed);
  });
}

async function survive(
  t: TestContext,
  { name, frames, take, came, rest, close }: Parser,
  count: number,
  seed: number,
): Promise<void> {
  const random = seededUniform(seed);
  const pick = (): number => Math.floor(random() * frames.length);
  let most = 0;
  /** What came of a frame, and how long it took. */
  const fed = async (frame: Uint8Array, base: number, what: string): Promise<{ said: string; ms: number }> => {
    most += came?.most(frame.length) ?? 0;
    const begun = performance.now();
    try {
      const said = await take(frame, base);
      return { said, ms: performance.now() - begun };
    } catch (error) {
      throw new Error(`${name}: ${what}, ${repeat}: ${String(error)}\n${hex(frame)}`, { cause: error });
    }
  };
  const repeat = `FOLEYD_FUZZ_SEED=${seed}`;
  const right = (base: number): ReturnType<typeof fed> => {
    rest?.();
    return fed(frames[base]!, base, `frame ${base}, as it is`);
  };
  const before: string[] = [];
  let slowest = NOTHING_MS;
  const longest = Math.max(...frames.map(({ length }) => length));
  for (const base of frames.keys()) {
    before.push((await right(base)).said);
    const again = [(await right(base)).ms, (await right(base)).ms];
    slowest = Math.max(slowest, Math.min(...again));
  }
  assert.deepEqual(before.filter(isRefusal), [], 'frames that are right are taken');
  assert.ok(before.some((said) => said !== ''));

  const outcomes = new Map<string, number>();
  let spent = 0;
  for (let i = 0; i < count; i++) {
    const base = pick();
    const frame = mutate(frames[base]!, frames[pick()]!, random);
    const what = `mutant ${i} of frame ${base}`;
    let { said, ms } = await fed(frame, base, what);
    spent += ms;
    outcomes.set(said, (outcomes.get(said) ?? 0) + 1);
    const allowed = TIMES * slowest * Math.max(1, frame.length / longest);
    for (let tries = 1; ms > allowed && tries < TRIES; tries++) ms = Math.min(ms, (await fed(frame, base, what)).ms);
    assert.ok(ms <= allowed, `${name}: ${what} takes ${ms / slowest} times as long, ${repeat}\n${hex(frame)}`);
    if (i % BETWEEN !== 0) continue;
    const known = (i / BETWEEN) % frames.length;
    assert.equal((await right(known)).said, before[known], `${name}: frame ${known} after ${what}, ${repeat}`);
  }
  for (const base of frames.keys()) assert.equal((await right(base)).said, before[base], repeat);
  if (came !== undefined)
    assert.ok(came.count() <= most, `${came.count()} things came of frames that allow for ${most}, ${repeat}`);
  await close?.();
  const refused = [...outcomes].reduce((sum, [said, n]) => sum + (isRefusal(said) ? n : 0), 0);
  t.diagnostic(
    `${name}: ${count} mutants of ${frames.length} frames, ${refused} refused, ${outcomes.size} outcomes, ${(spent / 1000).toFixed(1)} s`,
  );
}

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');

test('whatever bytes a connection begins with, it ends, and the others go on', async (t) => {
  const { seed } = fuzzing(t);
  const random = seededUniform(seed);
  const count = Math.max(100, Math.ceil(total / 500));
  const server = await newServer(t, { engine: { samples: 64 }, config: { limits: { clips: 64 } } });
  const pick = (): Uint8Array => exchanges[Math.floor(random() * exchanges.length)]!;
  const url = server.app.urls.http ?? '';
  await besideAnother(server, async () => {
    for (const frame of exchanges) assert.match(await exchange(url, frame, null), /^HTTP\/1\.1 (200|101|404) /);
    for (let i = 0; i < count; i++) {
      const frame = mutate(pick(), pick(), random);
      const said = await exchange(url, frame, 5);
      assert.doesNotMatch(said, /^HTTP\/1\.1 500 |"internal"/, `FOLEYD_FUZZ_SEED=${seed}\n${hex(frame)}`);
    }
    for (const frame of exchanges) assert.match(await exchange(url, frame, null), /^HTTP\/1\.1 (200|101|404) /);
  });
  assert.deepEqual(
    server.log().filter(({ level }) => Number(level) >= 50),
    [],
    `FOLEYD_FUZZ_SEED=${seed}`,
  );
  t.diagnostic(`connections: ${count} mutants of ${exchanges.length} exchanges`);
});
