import assert from 'node:assert/strict';
import { rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Answer } from '../../../protocol/index.ts';
import { codeOf } from '../support/client.ts';
import { writeVoice } from '../support/voice.ts';
import { contract } from './suite.ts';

const failed = async (end: Promise<Answer>): Promise<string> => codeOf(await end);

contract('a request can be cancelled while it waits and while it runs', ['ids'], async ({ client, server }) => {
  server.engine.hold();
  const running = client.ask('foley.generate', { class: 'Rain', seed: 1 });
  await running.first('accepted');
  const waiting = client.ask('foley.generate', { class: 'Rain', seed: 2 });
  await waiting.first('accepted');
  for (const { id } of [waiting, running]) {
    const { data } = await client.ask('foley.cancel', { request: id }).end;
    assert.equal(Boolean(data.cancelled), true);
  }
  server.engine.release();
  assert.deepEqual([await failed(running.end), await failed(waiting.end)], ['cancelled', 'cancelled']);
  const { data } = await client.ask('foley.cancel', { request: 'long gone' }).end;
  assert.equal(Boolean(data.cancelled), false);
  assert.deepEqual(server.engine.finished, []);
});

contract(
  'a client that leaves takes its jobs with it; the next client is served',
  ['leaving'],
  async ({ client, another, server }) => {
    server.engine.hold();
    for (const seed of [1, 2]) client.ask('foley.generate', { class: 'Rain', seed });
    while (server.engine.running === null) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.close();
    const other = await another();
    const next = other.ask('foley.generate', { class: 'Rain', seed: 3 });
    server.engine.release();
    assert.equal((await next.end).event, 'done');
    assert.deepEqual(server.engine.finished, [3]);
  },
);

contract('an engine that crashes fails the clip it made, and the next one comes', [], async ({ client, server }) => {
  server.engine.faults.set(1, 'engine_crashed');
  const [first, second] = [1, 2].map((seed) => client.ask('foley.generate', { class: 'Rain', seed }));
  assert.equal(await failed(first!.end), 'engine_crashed');
  assert.equal((await second!.end).event, 'done');
});

contract(
  'a full queue says so and the jobs in it are made',
  [],
  async ({ client, server }) => {
    server.engine.hold();
    const asked = [1, 2, 3, 4, 5].map((seed) => client.ask('foley.generate', { class: 'Rain', seed }));
    const refused = await Promise.race(asked.map(({ end }) => end));
    assert.equal(codeOf(refused), 'queue_full');
    server.engine.release();
    const ends = await Promise.all(asked.map(({ end }) => end));
    const outcomes = ends.map(({ event, data }) => String(data.code ?? event));
    assert.equal(outcomes.filter((outcome) => outcome === 'done').length, server.engine.finished.length);
    assert.ok(
      outcomes.every((outcome) => outcome === 'done' || outcome === 'queue_full'),
      outcomes.join(' '),
    );
  },
  { config: { limits: { queueJobs: 2 } } },
);

contract(
  'a voice that is missing or corrupt fails the requests that name it, nobody else',
  [],
  async ({ client, server }) => {
    const cut = await writeVoice(server.models, 'cut');
    await truncate(path.join(cut, 'row.onnx'), 3);
    const bare = await writeVoice(server.models, 'bare');
    await rm(path.join(bare, 'vocoder.onnx'));
    const torn = await writeVoice(server.models, 'torn');
    await writeFile(path.join(torn, 'card.json'), '{"format": "foleyd-voice",');
    const other = client.ask('foley.generate', { class: 'Rain' });
    const of = (voice: string) => failed(client.ask('foley.generate', { class: 'Rain', voice }).end);
    assert.deepEqual(
      [await of('cut'), await of('bare'), await of('torn')],
      ['voice_corrupt', 'voice_missing', 'voice_corrupt'],
    );
    assert.equal((await other.end).event, 'done');
  },
);

contract(
  'without its default voice the server runs and says so',
  [],
  async ({ client, server }) => {
    assert.equal(await failed(client.ask('foley.generate', { class: 'Rain' }).end), 'voice_missing');
    assert.equal((await client.ask('server.ping', { payload: 'x' }).end).event, 'done');
    await writeVoice(server.models, 'default');
    assert.equal((await client.ask('foley.generate', { class: 'Rain' }).end).event, 'done');
  },
  { voice: false },
);
