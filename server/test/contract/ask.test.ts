import assert from 'node:assert/strict';
import type { Answer } from '../../../protocol/index.ts';
import { codeOf } from '../support/client.ts';
import { CLASSES, writeVoice } from '../support/voice.ts';
import { contract } from './suite.ts';

const failed = async (end: Promise<Answer>): Promise<string> => codeOf(await end);

contract('a ping is given back', [], async ({ client }) => {
  const { data } = await client.ask('server.ping', { payload: 'hello' }).end;
  assert.equal(data.payload, 'hello');
});

contract('the server says what runs', [], async ({ client, server }) => {
  const { event, data } = await client.ask('server.info').end;
  assert.equal(event, 'done');
  assert.match(String(data.version), /^\d+\.\d+\.\d+/);
  const { engine, ports } = data as { engine: { state: string }; ports?: unknown };
  assert.equal(engine.state, 'ready');
  if (ports !== undefined) assert.deepEqual(ports, server.app.ports);
});

contract('the voices are listed with their classes', [], async ({ client, server }) => {
  await writeVoice(server.models, 'second');
  const { data } = await client.ask('voice.list').end;
  const voices = data.voices as { id: string; active: boolean; classes: { name: string }[] }[];
  assert.deepEqual(
    voices.map(({ id, active }) => [id, Boolean(active)]),
    [
      ['default', true],
      ['second', false],
    ],
  );
  assert.deepEqual(
    voices[0]?.classes.map(({ name }) => name),
    CLASSES,
  );
});

contract('a card is given as it is', ['cards'], async ({ client }) => {
  const { data } = await client.ask('voice.info', {}).end;
  assert.equal((data.card as { preset: string }).preset, 'tiny');
});

contract('an unknown class, voice and command are told by their codes', [], async ({ client }) => {
  assert.equal(await failed(client.ask('foley.generate', { class: 'Unicorn' }).end), 'unknown_class');
  assert.equal(await failed(client.ask('foley.generate', { class: 99 }).end), 'unknown_class');
  assert.equal(await failed(client.ask('foley.generate', { class: 'Rain', voice: 'nobody' }).end), 'unknown_voice');
  assert.equal(await failed(client.ask('foley.generate', { class: 'Rain', voice: '../data' }).end), 'unknown_voice');
  assert.equal(await failed(client.ask('foley.nothing', {}).end), 'unknown_command');
});

contract('arguments of the wrong type, range or name are told as bad_args', [], async ({ client, server }) => {
  const wrong: Record<string, unknown>[] = [
    ...[
      { temperature: 2.5 },
      { temperature: -1 },
      { topP: 0 },
      { topK: 513 },
      { topK: 1.5 },
      { count: 0 },
      { count: 65 },
    ],
    ...[{ count: 1e9 }, { rate: 7999 }, { rate: 1e7 }, { format: 'mp3' }, { seed: -1 }, { seed: 1.5 }, { seed: 'abc' }],
    ...[{ seed: 2 ** 32 }, { volume: 1 }, { previews: 'maybe' }],
  ];
  for (const args of wrong) {
    assert.equal(
      await failed(client.ask('foley.generate', { class: 'Rain', ...args }).end),
      'bad_args',
      JSON.stringify(args),
    );
  }
  assert.deepEqual(server.engine.begun, []);
});

contract('an id in use is refused and the first request goes on', ['ids'], async ({ client, server }) => {
  server.engine.hold();
  const first = client.ask('foley.generate', { class: 'Rain', seed: 1 }, 'same');
  await first.first('accepted');
  const second = client.ask('foley.generate', { class: 'Rain', seed: 2 }, 'same');
  assert.equal(await failed(second.end), 'duplicate_id');
  server.engine.release();
  await client.ask('foley.generate', { class: 'Rain', seed: 3 }).end;
  assert.deepEqual(server.engine.finished, [1, 3]);
  // This client cannot tell what was answered to the first from what was answered to the second.
  client.inbox.strays.length = 0;
});

contract(
  'the same id of two clients is two requests whose answers do not mix',
  ['ids'],
  async ({ client, another }) => {
    const other = await another();
    const asked = [
      client.ask('foley.generate', { class: 'Rain', seed: 1 }, 'x'),
      other.ask('foley.generate', { class: 'Rain', seed: 2 }, 'x'),
    ];
    await Promise.all(asked.map(({ end }) => end));
    assert.deepEqual(
      asked.map(({ answers }) => answers[0]?.data.seed),
      [1, 2],
    );
    assert.deepEqual(
      asked.map(({ answers }) => answers.filter(({ event }) => event === 'row').length),
      [8, 8],
    );
  },
);

contract('another word for a class is understood, and the answer says as which', [], async ({ client }) => {
  const asked = client.ask('foley.generate', { class: 'heavy rain', seed: 1 });
  const { event, data } = await asked.end;
  assert.equal(event, 'done');
  const understood = { name: 'heavy rain', class: 'Rain' };
  // OSC tells it in a message of its own, HTTP only at the end.
  const told = asked.answers.find((answer) => answer.event === 'understood')?.data;
  const accepted = asked.answers.find((answer) => answer.event === 'accepted')?.data;
  assert.deepEqual(told ?? (accepted ?? data).understood, told === undefined ? [understood] : understood);
});
