import assert from 'node:assert/strict';
import { limits } from '../../../protocol/index.ts';
import { codeOf } from '../support/client.ts';
import { contract } from './suite.ts';

contract('who watches hears of the jobs of others until it cancels', ['progress'], async ({ client, another }) => {
  const watch = client.ask('server.watch', { jobs: true, hits: false, pools: false });
  assert.deepEqual((await watch.first('accepted')).data, { jobs: true, hits: false, pools: false });
  const other = await another();
  const made = other.ask('foley.generate', { class: 'Rain', seed: 1, count: 2 });
  await made.end;
  const told = () => watch.answers.filter(({ event }) => event === 'job').map(({ data }) => data);
  while (told().at(-1)?.state !== 'done') await client.ask('server.ping', { payload: 'x' }).end;
  assert.deepEqual(
    told().map(({ state }) => state),
    ['queued', 'started', ...Array.from({ length: 16 }, () => 'row'), 'done'],
  );
  assert.equal(told()[0]!.clips, 2);
  const rows = told().slice(2, -1);
  assert.ok(rows.every(({ rows: of }) => of === 8));
  assert.deepEqual(new Set(rows.map(({ index, row }) => `${String(index)} ${String(row)}`)).size, 16);
  const { job } = (await made.first('accepted')).data;
  assert.ok(told().every((one) => one.job === told()[0]!.job && one.job !== job));

  assert.equal(Boolean((await client.ask('foley.cancel', { request: watch.id }).end).data.cancelled), true);
  assert.equal(codeOf(await watch.end), 'cancelled');
  // Whatever came to an ended request would be a stray.
  await other.ask('foley.generate', { class: 'Rain', seed: 2 }).end;
  await client.ask('server.ping', { payload: 'x' }).end;
});

contract('a connection watches a bounded number of times, and again after an end', ['progress'], async (setup) => {
  const { client, another } = setup;
  const watches = Array.from({ length: limits.watches }, () => client.ask('server.watch', {}));
  await Promise.all(watches.map((watch) => watch.first('accepted')));
  assert.equal(codeOf(await client.ask('server.watch', {}).end), 'queue_full');
  const other = await another();
  await other.ask('server.watch', {}).first('accepted');
  await client.ask('foley.cancel', { request: watches[0]!.id }).end;
  assert.equal(codeOf(await watches[0]!.end), 'cancelled');
  await client.ask('server.watch', {}).first('accepted');
});
