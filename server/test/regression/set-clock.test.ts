/**
 * The machine's date was set while something was still to happen: the song jumped by as much, a transport that was to end
 * played on for a day, the end of a note that a bundle had begun found no note, and a bundle that waited came a day late.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { TimetagQueue } from '../../network/transports/osc-timetag-queue.ts';
import { Inbox } from '../support/client.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { memoryLog, temporary } from '../support/server.ts';
import { scriptedModels } from '../torture/server.ts';

const DAY = 86_400_000;
const steps = [DAY, -DAY, 2000, -2000];

/** The machine's date, set by hand. */
function settable(t: TestContext): { ahead: number } {
  const date = { ahead: 0 };
  const real = Date.now;
  t.mock.method(Date, 'now', () => real() + date.ahead);
  return date;
}

async function opened(t: TestContext) {
  const place = { data: await temporary(t), models: await scriptedModels(), port: 0, oscPort: 'off' } as const;
  const config = resolveConfig({ ...place, output: 'none', midi: 'none', limits: { drainMs: 0 } }, {});
  const app = await createApp(config, { engine: new ScriptedEngine({ samples: 64 }), log: memoryLog().log });
  t.after(() => app.close());
  await app.ready;
  const [client, inbox] = [app.connect('admin'), new Inbox()];
  client.onAnswer((answer) => inbox.take(answer));
  const ask = async (cmd: string, args: Record<string, unknown> = {}, at?: number): Promise<Said> => {
    const id = inbox.newId();
    const asked = inbox.expect(id);
    client.send({ id, cmd, args, ...(at === undefined ? {} : { at }) });
    const { event, data } = await asked.end;
    assert.equal(event, 'done', JSON.stringify(data));
    return data as unknown as Said;
  };
  /** Waits until so many voices of the output are in use. */
  const voices = async (wanted: number): Promise<void> => {
    while ((await ask('server.info')).playback?.voices.active !== wanted) await sleep(10);
  };
  return { ask, voices };
}

interface Said {
  at: number;
  beat: number;
  playing: boolean;
  hits: { at: number }[];
  playback: { voices: { active: number } } | null;
}

test('a song goes on where it was, and ends when it was to end, whatever the date is set to', async (t) => {
  const date = settable(t);
  const { ask } = await opened(t);
  for (const step of steps) {
    date.ahead = 0;
    await ask('transport.set', { playing: true, tempo: 120, beat: 0, lasts: 0.4 });
    const begun = performance.now();
    const before = await ask('transport.info');
    date.ahead = step;
    const after = await ask('transport.info');
    const gone = performance.now() - begun;
    assert.ok(
      !after.playing || (after.beat >= before.beat && after.beat <= gone / 500 + 0.1),
      `${step}: ${after.beat}`,
    );
    assert.ok(Math.abs(after.at - Date.now()) < 1000, 'it is told by the date as it is set now');
    await sleep(500);
    assert.equal((await ask('transport.info')).playing, false, `${step}: it is over`);
  }
});

test('a note whose time was given is found by its end, whatever the date is set to', {
  timeout: 120_000,
}, async (t) => {
  const date = settable(t);
  const { ask, voices } = await opened(t);
  await ask('trigger.map', { id: 'loop', class: '0', ready: 1, mode: 'loop' });
  for (const step of steps) {
    date.ahead = 0;
    const asked = Date.now() + 30;
    const { hits } = await ask('trigger.fire', { id: 'loop', wait: true }, asked);
    assert.ok(Math.abs(hits[0]!.at - asked) < 1000, 'it is told by the date');
    await voices(1);
    // It has begun: what begins after an end goes on.
    await sleep(100);
    date.ahead = step;
    await ask('trigger.fire', { id: 'loop', velocity: 0 });
    await voices(0);
  }
});

test('a bundle that waits is due when it was due as it came', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const step of steps) {
    const heard: (number | null)[] = [];
    let ahead = 0;
    const options = { oscTimed: 10, oscHorizonMs: 60_000, isTimed: () => true, ahead: () => ahead };
    const queue = new TimetagQueue<null>(options, (_, __, at) => void heard.push(at));
    const items = [{ kind: 'request', cmd: 'trigger.fire' }] as never;
    queue.schedule({ at: 20_000, missed: null, items }, null, 10_000);
    ahead = step;
    t.mock.timers.tick(10_000);
    assert.deepEqual(heard, [20_000 + step]);
    // A clock that is kept right moves the date by a little: then the sender's is right as well.
    queue.schedule({ at: 20_000, missed: null, items }, null, 10_000);
    ahead += 20;
    t.mock.timers.tick(10_000);
    assert.deepEqual(heard, [20_000 + step, 20_000]);
    queue.close();
  }
});
