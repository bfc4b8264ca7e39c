import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrainingView } from './training-view.ts';

test('a step tells its losses in words of the field, and JSON keeps those of the protocol', () => {
  const step = { stage: 'prior', step: 2, share: 0.5, eta: 6, losses: { nll: 2.91, kept: 0.02, norm: 1 } };
  let shown = '';
  createTrainingView({ write: (text: string) => (shown += text) }, null).event('step', step);
  assert.equal(shown, 'step 2, 6 s left, nll 2.91, KL of old classes 0.0200\n');
  let json = '';
  createTrainingView({ write: () => assert.fail() }, { write: (text) => (json += text) }).event('step', step);
  assert.deepEqual(JSON.parse(json), { event: 'step', data: step });
});
