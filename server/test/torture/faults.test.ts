/** What `npm run torture -- disk` does for all that a server keeps, for a part of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeedName } from './deeds.ts';
import { withFaults } from './faults.ts';
import { unable } from './server.ts';

/** With the steps that each takes on the disk at least: temporary file, bytes, sync and name. */
const deeds: readonly (readonly [DeedName, number])[] = [
  ['map', 4],
  ['save', 8],
  ['star', 4],
  ['activate', 4],
  ['rule', 4],
];

for (const [deed, steps] of deeds) {
  test(`${deed}: whichever write fails, what was acknowledged is there, and the rest is absent or whole`, {
    skip: unable,
  }, async (t) => {
    const report = await withFaults(deed);
    assert.ok(report.steps >= steps, `${report.steps} steps`);
    assert.ok(report.faults >= report.steps, `${report.faults} faults came`);
    assert.ok(report.acknowledged > 0);
    t.diagnostic(JSON.stringify(report));
  });
}
