import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../dispatch/dispatcher.ts';
import { type DeviceDeps, deviceList } from './device-list.ts';

test('the system is asked for outputs once a second, however many ask for them, and again after a failure', async () => {
  let [ms, asked] = [0, 0];
  const deps: DeviceDeps = {
    midi: () => ({ inputs: [], others: [], problem: null, clock: null, tempo: null }),
    outputs: async () => {
      asked += 1;
      if (asked === 2) throw new Error('the sound server is gone');
      return [{ name: `output ${asked}` }];
    },
    openPlayback: () => null,
  };
  const list = deviceList(deps, () => ms);
  const all = async (): Promise<unknown[]> => {
    const answers = await Promise.all(Array.from({ length: 128 }, () => list({} as Context<'device.list'>)));
    return [...new Set(answers.map(({ outputs, outputsProblem }) => outputs[0] ?? outputsProblem))];
  };
  assert.deepEqual(await all(), ['output 1']);
  ms = 999;
  assert.deepEqual([await all(), asked], [['output 1'], 1]);
  ms = 1000;
  assert.deepEqual([await all(), asked], [['the sound server is gone'], 2]);
  ms = 2000;
  assert.deepEqual([await all(), asked], [['output 3'], 3]);
});

test('while the system does not answer it is not asked again', async () => {
  let [ms, asked] = [0, 0];
  let answer: (found: { name: string }[]) => void = () => undefined;
  const deps: DeviceDeps = {
    midi: () => ({ inputs: [], others: [], problem: null, clock: null, tempo: null }),
    outputs: () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    },
    openPlayback: () => null,
  };
  const list = deviceList(deps, () => ms);
  const first = list({} as Context<'device.list'>);
  ms = 5000;
  const second = list({} as Context<'device.list'>);
  assert.equal(asked, 1);
  answer([{ name: 'Speakers' }]);
  assert.deepEqual(
    (await Promise.all([first, second])).map(({ outputs }) => outputs),
    [['Speakers'], ['Speakers']],
  );
  void list({} as Context<'device.list'>);
  assert.equal(asked, 2);
});
