import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArgs } from '../../protocol/index.ts';
import { type Control, type ControllerEvent, changeOf, checkControls, StreamControls } from './stream-controls.ts';

const level: Control = { cc: 7, set: 'level', from: -40, to: 0 };
const mix: Control = { cc: 1, channel: 2, set: 'mix', from: 0, to: 1, class: 'Keyboard' };

test('a controller moves a setting between the ends of its range, or a mix from one class to another', () => {
  assert.deepEqual(changeOf(level, 0.5, 'Rain'), { level: -20 });
  assert.deepEqual(changeOf(mix, 0, 'Rain'), { class: { Rain: 1 } });
  assert.deepEqual(changeOf(mix, 0.25, { Rain: 2, DogBark: 2 }), {
    class: { Rain: 0.375, DogBark: 0.375, Keyboard: 0.25 },
  });
  assert.deepEqual(changeOf(mix, 1, 5), { class: { Keyboard: 1 } });
});

test('aftertouch of the channel or of a key, and the velocity of notes, move what they are told to', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let hear: (event: ControllerEvent) => void = () => undefined;
  const changes: unknown[] = [];
  const midi = {
    on: (listener: typeof hear) => {
      hear = listener;
      return () => undefined;
    },
  };
  const density: Control = { midi: 'velocity', set: 'density', from: 1, to: 5 };
  const pressed: Control = { midi: 'aftertouch', channel: 3, set: 'level', from: -40, to: 0 };
  checkControls([density, pressed], 'Rain');
  new StreamControls([density, pressed], 'Rain', midi, (change) => changes.push(change));
  const next = (event: ControllerEvent): unknown => {
    hear(event);
    t.mock.timers.tick(100);
    return changes.pop();
  };
  assert.deepEqual(next({ type: 'note', channel: 1, velocity: 127, on: true }), { density: 5 });
  assert.equal(next({ type: 'note', channel: 1, velocity: 64, on: false }), undefined);
  assert.deepEqual(next({ type: 'aftertouch', channel: 3, value: 127 }), { level: 0 });
  assert.deepEqual(next({ type: 'aftertouch', channel: 3, value: 0 }), { level: -40 });
  assert.equal(next({ type: 'aftertouch', channel: 1, value: 9 }), undefined);
  assert.equal(next({ type: 'cc', channel: 3, controller: 0, value: 9 }), undefined);
});

test('a control listens to a controller or to something else, not to both or neither', () => {
  const of = { set: 'level', from: -40, to: 0 };
  for (const control of [of, { ...of, cc: 1, midi: 'velocity' }, { ...of, midi: 'bend' }])
    assert.throws(() => parseArgs('stream.start', { class: 'Rain', controls: [control] }), {
      code: 'bad_args',
      path: /^args\.controls\.0/,
    });
});

test('a range that stream.set does not take is refused', () => {
  for (const [control, path] of [
    [{ ...level, to: 60 }, 'args.controls.0.to'],
    [{ cc: 1, set: 'temperature', from: -1, to: 1 }, 'args.controls.0.from'],
    [{ ...mix, to: 2 }, 'args.controls.0.to'],
    [{ cc: 1, set: 'mix', from: 0, to: 1 }, 'args.controls.0.class'],
    [{ ...level, class: 'Rain' }, 'args.controls.0.class'],
  ] as const)
    assert.throws(() => checkControls([control], 'Rain'), { code: 'bad_args', path });
  checkControls([level, mix], 'Rain');
});

test('of many values the first and then the last counts, on the channel of the controller', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let hear: (event: ControllerEvent) => void = () => undefined;
  const changes: unknown[] = [];
  const controls = new StreamControls(
    [level, mix],
    'Rain',
    {
      on: (listener) => {
        hear = listener;
        return () => {
          hear = () => undefined;
        };
      },
    },
    (change) => changes.push(change),
  );
  const cc = (controller: number, value: number, channel = 1): void => hear({ type: 'cc', channel, controller, value });
  for (const value of [0, 1, 2, 127]) cc(7, value);
  cc(1, 127, 1);
  cc(1, 127, 2);
  assert.deepEqual(changes, [{ level: -40 }]);
  t.mock.timers.tick(100);
  assert.deepEqual(changes.slice(1), [{ level: 0, class: { Keyboard: 1 } }]);
  t.mock.timers.tick(1000);
  cc(7, 0);
  controls.close();
  cc(7, 127);
  t.mock.timers.tick(1000);
  assert.deepEqual(changes.slice(2), [{ level: -40 }]);
});
