/** From a device's bytes to what a client is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf } from '../../protocol/index.ts';
import { deviceList } from '../handlers/device-list.ts';
import { ByteSource } from '../midi/bytes.ts';
import { openMidi } from '../midi/midi.ts';

test('device.list says which inputs are open, and whose clock is followed of two that run', async (t) => {
  const system = new ByteSource({ virtual: true }).plug('Synth').plug('Other');
  let now = 1000;
  const midi = await openMidi({ system, devices: ['synth'], log: () => undefined, now: () => now });
  t.after(() => midi.close());
  const list = deviceList({
    midi: () => midi.info(),
    outputs: async () => [{ name: 'Speakers' }],
    openPlayback: () => null,
  });
  const ask = async () => {
    const answer = await list({} as Parameters<typeof list>[0]);
    assert.deepEqual(commandOf('device.list').events.done!.parse(answer), answer, 'all of it is declared');
    return answer.midi;
  };
  const open = { inputs: ['Synth', 'foleyd'], others: ['Other'], problem: null };
  assert.deepEqual(await ask(), { ...open, clock: null, tempo: null });
  system.send(null, [0xfa]);
  for (let i = 0; i < 24; i++) {
    now += 20;
    for (const name of ['Synth', null]) system.send(name, [0xf8], 0.02);
  }
  const { tempo, ...rest } = await ask();
  assert.deepEqual(rest, { ...open, clock: 'foleyd' });
  assert.ok(Math.abs(tempo! - 125) < 0.5, `${tempo}: two clocks are not one of twice the tempo`);
});
