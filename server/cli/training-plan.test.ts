import assert from 'node:assert/strict';
import test from 'node:test';
import { planLines, USUAL_PACE } from './training-plan.ts';

test('a budget is told in steps, or in time, and what is too little with what would do', () => {
  assert.deepEqual(planLines({}, { prior: 0.5 }), ['prior: about 2400 steps fit into 20 min, 0.50 s each']);
  assert.deepEqual(planLines({ minutes: 1 }, { prior: 3 }), [
    'prior: about 20 steps fit into 60 s, 3.0 s each; too few to learn a class: use --minutes 5 or more',
  ]);
  assert.deepEqual(planLines({ steps: 600 }, { prior: 0.5 }), ['prior: 600 steps take about 5 min']);
  assert.deepEqual(planLines({ steps: 6 }, { prior: 0.5 }), [
    'prior: 6 steps take about 3 s; too few to learn a class: use --steps 100 or more',
  ]);
  assert.deepEqual(planLines({ minutes: 16, stages: ['vocoder', 'prior'] }, { prior: 1, vocoder: 2 }), [
    'vocoder: about 180 steps fit into 6 min, 2.0 s each',
    'prior: about 600 steps fit into 10 min, 1.0 s each',
  ]);
  assert.deepEqual(planLines({ stages: ['codec'] }, { prior: 1 }), []);
  assert.deepEqual(planLines({}, USUAL_PACE), ['prior: about 308 steps fit into 20 min, 3.9 s each']);
});
