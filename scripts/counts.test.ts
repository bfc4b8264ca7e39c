import assert from 'node:assert/strict';
import { test } from 'node:test';
import reporter, { counts, fromJunit, sentence, sum } from './counts.mjs';

async function report(events: { type: string; data: unknown }[]): Promise<unknown> {
  async function* stream() {
    yield* events as { type: string; data: never }[];
  }
  let text = '';
  for await (const part of reporter(stream())) text += part;
  return JSON.parse(text);
}

test('tests count and suites do not', async () => {
  const seen = await report([
    { type: 'test:start', data: { name: 'a' } },
    { type: 'test:pass', data: { name: 'a', details: {} } },
    { type: 'test:fail', data: { name: 'b', details: {} } },
    { type: 'test:pass', data: { name: 'all', details: { type: 'suite' } } },
  ]);
  assert.deepEqual(seen, counts({ passed: 1, failed: 1 }));
});

test('a skip is told with its reason, and one without a reason says that', async () => {
  const seen = await report([
    { type: 'test:pass', data: { name: 'pd', skip: 'pd is not installed', details: {} } },
    { type: 'test:pass', data: { name: 'later', todo: true, details: {} } },
  ]);
  assert.deepEqual(seen, counts({ skipped: 2, reasons: ['pd: pd is not installed', 'later: no reason given'] }));
});

test('a pytest report gives passed, failed with errors, and skipped with reasons', () => {
  const xml =
    '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="1" tests="9" time="1">' +
    '<testcase classname="t" name="test_tags" time="0"><skipped type="pytest.skip" message="no tagger">x</skipped></testcase>' +
    '</testsuite></testsuites>';
  assert.deepEqual(fromJunit(xml), counts({ passed: 5, failed: 3, skipped: 1, reasons: ['test_tags: no tagger'] }));
});

test('a report that is none counts as a failure', () => {
  assert.equal(fromJunit('').failed, 1);
});

test('the closing line adds all suites up', () => {
  const total = sum([counts({ passed: 2, skipped: 1, reasons: ['x: y'] }), counts({ passed: 3, failed: 1 })]);
  assert.equal(sentence(total), '5 passed, 1 failed, 1 skipped');
  assert.deepEqual(total.reasons, ['x: y']);
});
