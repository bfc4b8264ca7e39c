import assert from 'node:assert/strict';
import path from 'node:path';
import { checkEvent, decodePcm } from '../../../protocol/index.ts';
import { contract } from './suite.ts';

contract('a clip is accepted, shows its rows in order and ends in one done', ['progress'], async ({ client }) => {
  const asked = client.ask('foley.generate', { class: 'dogbark', seed: 42 });
  await asked.end;
  const events = asked.answers.map(({ event }) => event);
  assert.equal(events[0], 'accepted');
  assert.equal(events.filter((event) => event === 'done').length, 1);
  assert.equal(asked.answers[0]?.data.seed, 42);
  const rows = asked.answers.filter(({ event }) => event === 'row');
  assert.deepEqual(
    rows.map(({ data }) => data.row),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.ok(rows.every(({ data }) => data.rows === 8));
});

contract('every answer to a clip is what the protocol declares', ['progress', 'codes'], async ({ client }) => {
  const asked = client.ask('foley.generate', { class: 0, previews: true, save: true, count: 2 });
  await asked.end;
  for (const { event, data } of asked.answers) assert.equal(checkEvent('foley.generate', event, data), null);
  assert.equal(asked.answers[0]?.data.class, 'DogBark');
  const kinds = new Set(asked.answers.map(({ event }) => event));
  assert.deepEqual([...kinds], ['accepted', 'row', 'preview', 'audio', 'done']);
});

contract(
  'sound comes in chunks that join into the clip, in both formats alike',
  ['sound'],
  async ({ client }) => {
    const heard: Float32Array[] = [];
    for (const format of ['f32', 's16'] as const) {
      const asked = client.ask('foley.generate', { class: 'Rain', seed: 7, rate: 192_000, format });
      await asked.end;
      const chunks = asked.answers.filter(({ event }) => event === 'audio');
      const total = Number(chunks[0]?.data.total);
      const pcm = new Float32Array(total);
      let next = 0;
      for (const { data } of chunks) {
        assert.equal(data.offset, next);
        const part = decodePcm(data.pcm as Uint8Array, format);
        pcm.set(part, next);
        next += part.length;
      }
      assert.equal(next, total);
      assert.ok(chunks.length > 1, 'long enough for more than one chunk');
      heard.push(pcm);
    }
    const [a, b] = heard as [Float32Array, Float32Array];
    assert.ok(a.every((sample, i) => Math.abs(sample - (b[i] ?? 9)) <= 1 / 65_536 + 1e-9));
  },
  { engine: { samples: 8820 } },
);

contract('an only clip is heard before the whole of it is made', ['progress', 'sound'], async ({ server, client }) => {
  let made = (): void => undefined;
  server.engine.early = new Promise((resolve) => {
    made = resolve;
  });
  const asked = client.ask('foley.generate', { class: 'Rain', seed: 7 });
  const { data } = await asked.first('audio');
  assert.equal(data.offset, 0);
  assert.ok(decodePcm(data.pcm as Uint8Array, 'f32').length < Number(data.total));
  made();
  assert.equal((await asked.end).event, 'done');
  const lengths = asked.answers.flatMap(({ event, data: { pcm } }) =>
    event === 'audio' ? [decodePcm(pcm as Uint8Array, 'f32').length] : [],
  );
  assert.equal(
    lengths.reduce((a, b) => a + b, 0),
    data.total,
  );
});

contract('rows and sound are left out when not wanted', ['progress'], async ({ client }) => {
  const asked = client.ask('foley.generate', { class: 'Rain', rows: false, audio: false });
  await asked.end;
  assert.deepEqual(
    asked.answers.map(({ event }) => event),
    ['accepted', 'done'],
  );
});

contract('the same seed gives the same sound', ['sound'], async ({ client }) => {
  const sound = async (seed: number): Promise<string> => {
    const asked = client.ask('foley.generate', { class: 'Rain', seed });
    await asked.end;
    const parts = asked.answers.filter(({ event }) => event === 'audio').map(({ data }) => data.pcm as Uint8Array);
    return Buffer.concat(parts).toString('hex');
  };
  assert.equal(await sound(5), await sound(5));
  assert.notEqual(await sound(5), await sound(6));
});

contract('a seed that nobody gave is drawn, told, and differs', ['progress'], async ({ client }) => {
  const seeds = [];
  for (let i = 0; i < 4; i++) {
    const asked = client.ask('foley.generate', { class: 'Rain' });
    await asked.end;
    seeds.push(asked.answers[0]?.data.seed);
  }
  assert.equal(new Set(seeds).size, 4);
  assert.ok(seeds.every((seed) => Number.isInteger(seed)));
});

contract('clips of one request have consecutive seeds, beyond the largest from 0', [], async ({ client, server }) => {
  const { data } = await client.ask('foley.generate', { class: 'Rain', count: 3, seed: '4294967295' }).end;
  const clips = data.clips as { index: number; seed: number; path: string }[] | undefined;
  if (clips !== undefined)
    assert.deepEqual(
      clips.map(({ index, seed }) => [index, Number(seed)]),
      [
        [0, 4_294_967_295],
        [1, 0],
        [2, 1],
      ],
    );
  assert.deepEqual(server.engine.begun, [4_294_967_295, 0, 1]);
});

contract('a mix of classes reaches the engine as weights', [], async ({ client, server }) => {
  const { event, data } = await client.ask('foley.generate', { class: { rain: 3, '0': 1 } }).end;
  assert.equal(event, 'done', JSON.stringify(data));
  assert.deepEqual(server.engine.requests[0]?.classWeights, [0.25, 0, 0, 0, 0, 0.75, 0]);
});

contract('a saved clip is a file whose name is its id', [], async ({ client, server }) => {
  const { data } = await client.ask('foley.generate', { class: 'Rain', save: true }).end;
  const [clip] = (data.clips ?? [{ path: data.path }]) as { path: string }[];
  assert.match(path.basename(clip?.path ?? ''), /^[0-9a-f]{16}\.wav$/);
  assert.equal(path.dirname(clip?.path ?? ''), path.join(server.data, 'clips'));
});
