import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { defineCommand } from '../../protocol/commands/define.ts';
import type { Answer } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { ScriptedEngine } from '../test/support/engine.ts';
import { temporary } from '../test/support/server.ts';
import { createLog } from '../util/log.ts';

const strike = defineCommand({
  name: 'test.strike',
  role: 'play',
  doc: 'Strikes.',
  args: z.strictObject({}),
  events: { done: z.object({}) },
  timed: true,
  example: { args: {}, events: { done: {} } },
});

test('a timed command is given its time, says when it was late, and others refuse one', async (t) => {
  const times: (number | null)[] = [];
  const handler = (context: { at: number | null; late(at: number): void }): object => {
    times.push(context.at);
    context.late(2000.5);
    return {};
  };
  const config = resolveConfig({ listen: false, data: await temporary(t) }, {});
  const parts = {
    engine: new ScriptedEngine(),
    log: createLog({ level: 'silent' }),
    extra: [{ command: strike, handler }],
  };
  const app = await createApp(config, parts as never);
  t.after(() => app.close());
  const client = app.connect();
  const heard: Answer[] = [];
  let wake = (): void => undefined;
  client.onAnswer((answer) => {
    heard.push(answer);
    wake();
  });
  client.send({ id: 'a', cmd: 'test.strike', at: 1000.25 });
  client.send({ id: 'b', cmd: 'test.strike' });
  client.send({ id: 'c', cmd: 'server.ping', at: 1000 });
  client.send({ id: 'd', cmd: 'test.strike', at: Number.NaN });
  while (heard.length < 5) await new Promise<void>((resolve) => (wake = resolve));
  const of = (id: string) => heard.filter((one) => one.id === id);
  assert.deepEqual(times, [1000.25, null]);
  assert.deepEqual(of('a')[0], { id: 'a', event: 'late', data: { late: 1000.25, asked: 1000.25, at: 2000.5 } });
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((id) => of(id).at(-1)?.event),
    ['done', 'done', 'failed', 'failed'],
  );
  assert.deepEqual([of('c')[0]?.data.code, of('d')[0]?.data.code], ['bad_args', 'bad_envelope']);
});

test('the clock gives back what it was sent between two readings of its own', async (t) => {
  const config = resolveConfig({ listen: false, data: await temporary(t) }, {});
  const app = await createApp(config, { engine: new ScriptedEngine(), log: createLog({ level: 'silent' }) });
  t.after(() => app.close());
  const client = app.connect();
  const { t1, t2, t3, audio } = await client.call('server.clock', { t1: 12.5 });
  assert.deepEqual([t1, audio], [12.5, null]);
  assert.ok(Number(t2) <= Number(t3));
  assert.equal((await client.call('server.info')).playback, null);
});
