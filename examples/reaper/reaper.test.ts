import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { decodePacket } from '../../protocol/codecs/osc-packet.ts';
import { source, sourceFromText } from '../../protocol/commands/trigger-map.ts';
import { oscMessage } from '../../protocol/index.ts';
import { assertSound, example, lacks, stage } from '../test/stage.ts';

const skip = lacks('lua5.4', 'curl');

test('foley_insert.lua puts a take per variation at the cursor, at markers and into a selection', {
  skip,
}, async (t) => {
  const { run, dir } = await stage(t);
  const insert = (...args: string[]) =>
    run('lua5.4', [example('reaper/stub_reaper.lua'), example('reaper/foley_insert.lua'), dir, ...args]);

  const cursor = await insert('dogbark,3,42', '1.5', '0', '0');
  assert.match(cursor, /^track 1, item at 1\.500, 0\.279 s, 3 takes$/m);
  const takes = [...cursor.matchAll(/^take: (\S+?)(, active)?, (.+)$/gm)].map(([, name, active, file]) => ({
    name,
    active,
    file,
  }));
  assert.deepEqual(
    takes.map(({ name }) => name),
    ['dogbark_42', 'dogbark_43', 'dogbark_44'],
  );
  assert.deepEqual(
    takes.map(({ active }) => active !== undefined),
    [true, false, false],
  );
  for (const { file = '' } of takes) await assertSound(file);
  const [first, second] = await Promise.all(takes.map(({ file = '' }) => readFile(file)));
  assert.ok(first !== undefined && second !== undefined && !first.equals(second), 'variations differ');

  const marked = await insert('DogBark,1,7', '0', '1', '4', '0.5=Rain', '2=Rain', '3=door slam', '5=Rain');
  assert.deepEqual(
    [...marked.matchAll(/^track 1, item at ([\d.]+),/gm)].map((match) => match[1]),
    ['2.000', '3.000'],
    marked,
  );
  assert.match(marked, /take: Rain_7, active,/);
  assert.match(marked, /take: DogBark_8, active,/, 'a name that is no class leaves the class that was asked for');

  const filled = await insert('DogBark:0.5+Rain:0.5,1,', '0', '2', '3');
  const [, seconds] = /item at 2\.000, ([\d.]+) s, 1 takes/.exec(filled) ?? [];
  assert.ok(Number(seconds) > 0.5 && Number(seconds) <= 1.001, filled);

  const again = await insert('dogbark,1,42', '0', '0', '0');
  assert.match(again, /dogbark_42_2\.wav/, 'no file is replaced');
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.endsWith('.json')),
    [],
  );
});

test('foley_insert.lua says why there is no sound', { skip }, async (t) => {
  const { run, dir, env } = await stage(t);
  const insert = (...args: string[]) =>
    run('lua5.4', [example('reaper/stub_reaper.lua'), example('reaper/foley_insert.lua'), dir, ...args]);
  assert.match(await insert('Unicorn "x",1,', '0', '0', '0'), /^message: unknown_class: .*Unicorn/m);
  assert.match(await insert('nonsense', '0', '0', '0'), /^message: A class, /m);
  assert.equal((await insert('cancel', '0', '0', '0')).trim(), '');
  env.FOLEYD_HTTP = 'http://127.0.0.1:1';
  assert.match(
    await insert('Rain,1,', '0', '0', '0'),
    /^message: curl: no foleyd answers at http:\/\/127\.0\.0\.1:\d+; start it/m,
  );
});

const spotting = ['1-1.5=Rain', '2=DogBark', '3=door slam', '4=', '9-10=Rain'];

test('foley_spot.lua without ReaImGui gives each marker and region with a name its sound', { skip }, async (t) => {
  const { run, dir } = await stage(t);
  const spot = (...args: string[]) =>
    run('lua5.4', [example('reaper/stub_reaper.lua'), example('reaper/foley_spot.lua'), dir, ...args]);

  const said = await spot(',2,42', '0', '0', '8', ...spotting);
  assert.match(said, /^message: R1 Rain: 2 takes$/m);
  assert.match(said, /^M2 DogBark: 2 takes$/m);
  assert.match(said, /^M3 door slam: unknown_class: /m, 'one that is not understood leaves the others theirs');
  assert.doesNotMatch(said, /^[MR][45] /m, 'one without a name, and one outside the time selection, are left out');
  const items = [...said.matchAll(/^track 1, item at ([\d.]+), ([\d.]+) s, 2 takes$/gm)];
  // The onset lies on the marker, and the item begins with what leads to it.
  for (const [i, marker] of [1, 2].entries()) {
    const begins = Number(items[i]?.[1]);
    assert.ok(begins <= marker && begins >= marker - 0.011, said);
  }
  const [[, , region = ''] = [], [, , marker = ''] = []] = items;
  assert.ok(Number(region) > 0.35 && Number(region) <= 0.511, "a region's sound has its length");
  assert.ok(Number(marker) > 0 && Number(marker) <= 0.279, said);
  assert.deepEqual(
    [...said.matchAll(/^take: (\w+)/gm)].map(([, name]) => name),
    [...['Rain_42', 'Rain_43'], ...['DogBark_44', 'DogBark_45']],
  );

  const named = await spot('Rain,1,', '0', '3.5', '8', ...spotting);
  assert.match(named, /^message: M4 Rain: 1 takes$/m, 'the class that is typed is for those without a name');
  assert.match(await spot(',1,', '0', '0', '0'), /^message: The project, or the time selection, has no markers/m);
});

test('foley_spot.lua with ReaImGui makes the chosen while its window goes on', { skip }, async (t) => {
  const { run, dir, env } = await stage(t);
  Object.assign(env, { STUB_PRESS: 'Make the chosen', STUB_UNTIL: 'unknown_class' });
  const said = await run('lua5.4', [
    ...[example('reaper/stub_reaper.lua'), example('reaper/foley_spot.lua'), dir],
    ...['', '0', '0', '8', ...spotting],
  ]);
  assert.match(
    said,
    /^window: R1 \| 1\.000 \| 3 takes \| M2 \| 2\.000 \| 3 takes \| M3 \| 3\.000 \| unknown_class: .* \| M4 \|/m,
  );
  assert.match(said, /^take: Rain_42, active,/m);
  assert.match(said, /^take: DogBark_47,/m);
  assert.doesNotMatch(said, /^track 2/m, 'one track holds them all');
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith('foley_')),
    [],
    'no file is left behind',
  );

  Object.assign(env, { FOLEYD_HTTP: 'http://127.0.0.1:1', STUB_UNTIL: 'curl: .' });
  const alone = await run('lua5.4', [
    ...[example('reaper/stub_reaper.lua'), example('reaper/foley_spot.lua'), dir],
    ...['', '0', '0', '8', '1=Rain'],
  ]);
  assert.match(alone, /^window: M1 \| 1\.000 \| curl: no foleyd answers at /m);
});

test('foleyd.ReaperOSC sends to addresses that maps can hear, and one of them plays', async (t) => {
  const lines = (await readFile(example('reaper/foleyd.ReaperOSC'), 'utf8')).split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
  for (const [key = '', ...targets] of patterns) {
    assert.match(key, /^[A-Z_]+$/);
    // As REAPER's own source of it, csurf_osc.cpp of its SDK, reads a line.
    for (const target of targets) assert.match(target, /^[nfbtrsi]\/[a-z@/]+$/);
    if (key !== 'ACTION')
      for (const target of targets) assert.ok(source.safeParse(sourceFromText(target.slice(1))).success);
  }
  const { server } = await stage(t);
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  const ask = async (address: string, ...args: string[]): Promise<string> => {
    const answer = once(socket, 'message');
    socket.send(oscMessage(address, ...args), Number(new URL(server.osc).port), '127.0.0.1');
    const [datagram] = (await answer) as [Uint8Array];
    return JSON.stringify(decodePacket(datagram, 0)[0]?.messages[0]);
  };
  assert.match(await ask('/foley/map', 'step', 'Rain', 'source', '/reaper/marker'), /foley\/mapped/);
  assert.match(await ask('/reaper/marker', '3'), /foley\/played.*step/);
});
