import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, checkEvent, type EventData } from '../../../protocol/index.ts';
import { codeOf } from '../support/client.ts';
import type { TestServer } from '../support/server.ts';
import { contract } from './suite.ts';

const failed = async (end: Promise<Answer>): Promise<string> => codeOf(await end);
/** No test makes a noise. */
const silent = { config: { output: 'none' } };

/** Pools as somebody beside the transport under test sees them. */
async function pools({ app }: TestServer): Promise<EventData<'pool.info', 'done'>['pools']> {
  return ((await app.connect().call('pool.info')) as EventData<'pool.info', 'done'>).pools;
}

async function full(server: TestServer): Promise<void> {
  while ((await pools(server)).some(({ ready, want }) => ready < want)) await sleep(5);
}

contract(
  'a map is kept ready, each hit plays another clip of it, and it goes away again',
  [],
  async ({ server, client }) => {
    const { data } = await client.ask('trigger.map', { id: 'pad', class: { Rain: 1, DogBark: 2 }, ready: 2 }).end;
    assert.equal((data.map as { id: string }).id, 'pad');
    const seeds = new Set<unknown>();
    for (let i = 0; i < 3; i++) {
      await full(server);
      const hit = await client.ask('trigger.fire', { id: 'pad', velocity: 0.5 }).end;
      const [{ map, from, seed, late, remaining }] = hit.data.hits as [Record<string, unknown>];
      assert.deepEqual([hit.event, map, from, late, remaining], ['done', 'pad', 'pool', 0, 1]);
      seeds.add(seed);
    }
    assert.equal(seeds.size, 3);
    assert.ok([...seeds].every((seed) => server.engine.begun.includes(Number(seed))));
    const { classWeights } = server.engine.requests[0]!;
    assert.equal(Math.max(...classWeights), 2 / 3);
    assert.equal((await client.ask('trigger.unmap', { id: 'pad' }).end).data.id, 'pad');
    assert.deepEqual(await pools(server), []);
  },
  silent,
);

contract(
  'what no map can play, and maps that are not there, are told by their codes',
  [],
  async ({ server, client }) => {
    const map = (args: Record<string, unknown>) =>
      failed(client.ask('trigger.map', { id: 'pad', class: 'Rain', ...args }).end);
    assert.equal(await map({ class: 'Unicorn' }), 'unknown_class');
    assert.equal(await map({ voice: 'nobody' }), 'unknown_voice');
    for (const wrong of [{ source: { osc: '/foley/hit' } }, { ready: 0 }, { ready: 17 }, { pan: 2 }, { mode: 'x' }])
      assert.equal(await map(wrong), 'bad_args', JSON.stringify(wrong));
    assert.equal(await failed(client.ask('trigger.fire', { id: 'pad' }).end), 'unknown_map');
    assert.equal(await failed(client.ask('trigger.unmap', { id: 'pad' }).end), 'unknown_map');
    assert.deepEqual([await pools(server), server.engine.begun], [[], []]);
  },
  silent,
);

contract(
  'a hit before any clip is there says so, or waits for one of its own that goes before those of the pools',
  [],
  async ({ server, client }) => {
    server.engine.hold();
    const other = client.ask('foley.generate', { class: 'Rain', seed: 1 });
    while (server.engine.running === null) await sleep(1);
    await client.ask('trigger.map', { id: 'pad', class: 'Rain', ready: 3 }).end;
    assert.equal(await failed(client.ask('trigger.fire', { id: 'pad', wait: false }).end), 'pool_empty');
    const waiting = client.ask('trigger.fire', { id: 'pad' });
    // Behind the others in time, before the pool in turn.
    const scheduled = async (n: number): Promise<void> => {
      const queue = async () => (await server.app.connect().call('server.info')) as { queue: { waiting: number } };
      while ((await queue()).queue.waiting < n) await sleep(1);
    };
    await scheduled(2);
    const more = client.ask('foley.generate', { class: 'Rain', seed: 2 });
    await scheduled(3);
    server.engine.release();
    const [{ from, seed }] = (await waiting.end).data.hits as [{ from: string; seed: number }];
    assert.equal(from, 'generated');
    await Promise.all([other.end, more.end]);
    await full(server);
    assert.deepEqual(server.engine.begun.slice(0, 3), [1, seed, 2]);
    assert.equal(server.engine.begun.length, 6);
  },
  silent,
);

contract(
  'maps are edited, exported and imported, and every answer is what the protocol declares',
  ['cards'],
  async ({ server, client }) => {
    const ask = async (cmd: Parameters<typeof checkEvent>[0], args: Record<string, unknown> = {}) => {
      const { event, data } = await client.ask(cmd, args).end;
      assert.equal(event, 'done', JSON.stringify(data));
      assert.equal(checkEvent(cmd, event, data), null);
      return data;
    };
    await ask('trigger.map', { id: 'a', class: 'Rain', ready: 1, source: { note: 36, channel: 10 }, choke: 'wet' });
    await ask('trigger.map', { id: 'b', class: 'DogBark', ready: 1, source: { osc: '/pad/1' }, mode: 'loop' });
    await ask('trigger.edit', { id: 'a', change: { gain: -6, choke: null } });
    const exported = (await ask('trigger.export')) as EventData<'trigger.export', 'done'>;
    assert.deepEqual(
      exported.maps.map(({ id, gain, choke }) => [id, gain, choke]),
      [
        ['a', -6, undefined],
        ['b', 0, undefined],
      ],
    );
    assert.deepEqual(await ask('trigger.export', { ids: ['b'] }), { maps: exported.maps.slice(1) });
    await full(server);
    assert.equal(((await ask('trigger.fire', { osc: '/pad/1' })).hits as unknown[]).length, 1);
    assert.deepEqual(await ask('trigger.fire', { id: 'b', velocity: 0 }), { hits: [] });
    await ask('trigger.stop', {});
    const info = (await ask('pool.info', { id: 'b' })) as EventData<'pool.info', 'done'>;
    assert.deepEqual([info.pools.length, info.pools[0]!.played], [1, 1]);
    assert.ok(info.bytes > 0 && info.bytes <= info.most);
    await ask('trigger.import', { maps: [], replace: true });
    assert.deepEqual(await ask('trigger.import', { ...exported }), { maps: 2 });
    assert.deepEqual(await ask('trigger.export'), exported);
    for (const [cmd, args] of [
      ['trigger.export', { ids: ['nobody'] }],
      ['pool.info', { id: 'nobody' }],
      ['trigger.edit', { id: 'nobody', change: {} }],
    ] as const)
      assert.equal(await failed(client.ask(cmd, args).end), 'unknown_map');
  },
  silent,
);
