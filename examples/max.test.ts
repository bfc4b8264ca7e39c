import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { assertSound, example, stage } from './test/stage.ts';

interface Box {
  id: string;
  maxclass: string;
  text?: string;
  numinlets: number;
  numoutlets: number;
}

test('foley-node.js, with a stub of max-api, lists classes and makes clips', async (t) => {
  const { run, dir, env } = await stage(t);
  await mkdir(path.join(dir, 'node_modules/max-api'), { recursive: true });
  await copyFile(example('max/stub-max-api.js'), path.join(dir, 'node_modules/max-api/index.js'));
  for (const name of ['foley-node.js', 'package.json']) await copyFile(example(`max/${name}`), path.join(dir, name));
  const send = async (...messages: (string | number)[][]): Promise<(string | number)[][]> => {
    env.MAX_MESSAGES = JSON.stringify(messages);
    const output = await run(process.execPath, [path.join(dir, 'foley-node.js')]);
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as (string | number)[]);
  };

  const [clear, ...names] = await send(['classes']);
  assert.deepEqual(clear, ['menu', 'clear']);
  assert.ok(names.length > 1);
  for (const [menu, append, name] of names) assert.deepEqual([menu, append, typeof name], ['menu', 'append', 'string']);

  const clips = await send(['generate', 'dogbark', 42, 'count', 2], ['generate', 'DogBark:0.5+Rain:0.5', 'seed', 7]);
  assert.deepEqual(
    clips.map(([what, , , seed]) => [what, seed]),
    [
      ['done', 42],
      ['done', 43],
      ['done', 7],
    ],
  );
  for (const [, file] of clips) await assertSound(String(file));

  const [unicorn, misspelt, nowhere] = await send(
    ['generate', 'Unicorn'],
    ['generate', 'Rain', 'temprature', 1],
    ['address', 'http://127.0.0.1:1/'],
    ['generate', 'Rain'],
  );
  assert.deepEqual(
    [unicorn, misspelt, nowhere].map((one) => one?.slice(0, 2)),
    [
      ['failed', 'unknown_class'],
      ['failed', 'bad_args'],
      ['failed', 'connection_closed'],
    ],
  );
});

test('every cord of foley.maxpat joins outlets and inlets that are there', async () => {
  const { patcher } = JSON.parse(await readFile(example('max/foley.maxpat'), 'utf8')) as {
    patcher: {
      boxes: { box: Box }[];
      lines: { patchline: { source: [string, number]; destination: [string, number] } }[];
    };
  };
  const boxes = new Map(patcher.boxes.map(({ box }) => [box.id, box]));
  assert.equal(boxes.size, patcher.boxes.length, 'ids are unique');
  const joined = new Set<string>();
  for (const { patchline } of patcher.lines) {
    const [from, outlet] = patchline.source;
    const [to, inlet] = patchline.destination;
    assert.ok(outlet < (boxes.get(from)?.numoutlets ?? 0), `${from} ${outlet}`);
    assert.ok(inlet < (boxes.get(to)?.numinlets ?? 0), `${to} ${inlet}`);
    for (const id of [from, to]) joined.add(id);
  }
  for (const { id, maxclass, text = '', numoutlets } of boxes.values()) {
    assert.ok(joined.has(id) || maxclass === 'comment', `${id} is joined to nothing`);
    const [object, ...args] = text.split(' ');
    if (object === 'route') assert.equal(numoutlets, args.length + 1, text);
    if (object === 'unpack') assert.equal(numoutlets, args.length, text);
    if (object === 'node.script') assert.ok((await readFile(example(`max/${args[0]}`), 'utf8')).includes('max-api'));
  }
});
