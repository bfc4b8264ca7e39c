// How many tests passed, failed and were skipped, from node:test and from pytest.

/** @typedef {{passed: number, failed: number, skipped: number, reasons: string[]}} Counts */

/** @param {Partial<Counts>} [some] @returns {Counts} */
export const counts = (some = {}) => ({ passed: 0, failed: 0, skipped: 0, reasons: [], ...some });

/** @param {Counts[]} all @returns {Counts} */
export function sum(all) {
  return counts({
    passed: all.reduce((n, c) => n + c.passed, 0),
    failed: all.reduce((n, c) => n + c.failed, 0),
    skipped: all.reduce((n, c) => n + c.skipped, 0),
    reasons: all.flatMap((c) => c.reasons),
  });
}

/** @param {Counts} c */
export const sentence = (c) => `${c.passed} passed, ${c.failed} failed, ${c.skipped} skipped`;

/**
 * A reporter for node:test (`--test-reporter=./scripts/counts.mjs`): writes Counts as JSON when the run ends. Suites do
 * not count, their tests do; a test marked todo counts as skipped.
 * @param {AsyncIterable<{type: string, data: any}>} events
 */
export default async function* reporter(events) {
  const seen = counts();
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    const why = data.skip ?? data.todo;
    if (why !== undefined && why !== false) {
      seen.skipped += 1;
      seen.reasons.push(`${data.name}: ${why === true || why === '' ? 'no reason given' : why}`);
    } else if (type === 'test:pass') seen.passed += 1;
    else seen.failed += 1;
  }
  yield `${JSON.stringify(seen)}\n`;
}

/** Counts of a JUnit report as pytest writes it. An error outside a test counts as a failure. @param {string} xml */
export function fromJunit(xml) {
  const head = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? '';
  /** @param {string} name */
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? Number.NaN);
  const [tests, failed, skipped] = [number('tests'), number('failures') + number('errors'), number('skipped')];
  if (![tests, failed, skipped].every(Number.isFinite)) return counts({ failed: 1, reasons: [] });
  const reasons = [...xml.matchAll(/<testcase\b[^>]*\bname="([^"]*)"[^>]*>\s*<skipped\b[^>]*\bmessage="([^"]*)"/g)].map(
    ([, name, message]) => `${name}: ${message}`,
  );
  return counts({ passed: Math.max(0, tests - failed - skipped), failed, skipped, reasons });
}
