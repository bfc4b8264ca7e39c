import assert from 'node:assert/strict';
import test from 'node:test';
import { reopen } from './reopen.ts';

const output = () => {
  const made = {
    closed: 0,
    close: () => {
      made.closed += 1;
      return Promise.resolve();
    },
  };
  return made;
};

test('a device that was lost is opened as soon as it is there, once', async () => {
  const [device, taken] = [output(), [] as unknown[]];
  let tries = 0;
  const open = () => (++tries < 4 ? Promise.reject(new Error('no device')) : Promise.resolve(device));
  await reopen(open, (one) => taken.push(one), { everyMs: 1, isWanted: () => true });
  assert.deepEqual([tries, taken, device.closed], [4, [device], 0]);
});

test('nobody looks for it any more once playback ends, and one that comes too late is closed', async () => {
  let wanted = true;
  const device = output();
  const late = () => {
    wanted = false;
    return Promise.resolve(device);
  };
  const never = () => assert.fail('it is not taken');
  await reopen(late, never, { everyMs: 1, isWanted: () => wanted });
  assert.equal(device.closed, 1);
  await reopen(never as never, never, { everyMs: 1, isWanted: () => wanted });
});
