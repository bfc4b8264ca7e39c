import assert from 'node:assert/strict';
import fs, { mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import test, { type TestContext } from 'node:test';
import { temporary } from '../test/support/server.ts';
import { CLASSES, renameClass, writeVoice } from '../test/support/voice.ts';
import { VoiceCatalog } from './catalog.ts';

async function catalog(t: TestContext, sureMs?: number) {
  const root = await temporary(t);
  const [own, models] = [path.join(root, 'own'), path.join(root, 'models')];
  const problems: string[] = [];
  const voices = new VoiceCatalog({
    roots: [own, models],
    active: () => 'default',
    log: (_, text) => problems.push(text),
    ...(sureMs === undefined ? {} : { sureMs }),
  });
  return { root, own, models, voices, problems };
}

const fails = (promise: Promise<unknown>, code: string, text = /./): Promise<void> => {
  return assert.rejects(promise, (error: Error & { code: string }) => error.code === code && text.test(error.message));
};

test('a voice is found by its folder, and the active one without a name', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await writeVoice(models, 'default');
  const voice = await voices.find();
  assert.deepEqual([voice.id, voice.dir, voice.rate, voice.classCount], ['default', dir, 22_050, 7]);
  assert.deepEqual(
    voice.classes.map(({ name }) => name),
    CLASSES,
  );
  assert.equal(voice.card.preset, 'tiny');
  assert.equal((await voices.find('default')).hash, voice.hash);
});

test('many who ask at once get the voice, are all told what is wrong with it, and get it when it is whole again', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await writeVoice(models, 'default');
  const all = () => Array.from({ length: 50 }, () => voices.find());
  const found = await Promise.all(all());
  assert.deepEqual([new Set(found).size, found[0]!.id], [1, 'default']);
  await truncate(path.join(dir, 'row.onnx'), 3);
  await Promise.all(all().map((one) => fails(one, 'voice_corrupt', /row\.onnx has 3 bytes/)));
  await writeVoice(models, 'default');
  assert.deepEqual(
    (await Promise.all(all())).map(({ id }) => id),
    Array.from({ length: 50 }, () => 'default'),
  );
});

test('the list is in order of ids; folders that are no voices are not in it', async (t) => {
  const { own, models, voices, problems } = await catalog(t);
  await writeVoice(models, 'b');
  await writeVoice(own, 'a');
  await mkdir(path.join(models, 'trainer'), { recursive: true });
  await writeFile(path.join(models, 'README.md'), '');
  assert.deepEqual(
    (await voices.list()).map(({ id }) => id),
    ['a', 'b'],
  );
  assert.deepEqual(problems, []);
});

test('a voice in the first root hides one of the same id in the second', async (t) => {
  const { own, models, voices } = await catalog(t);
  await writeVoice(models, 'a', { name: 'committed' });
  await writeVoice(own, 'a', { name: 'my own' });
  assert.equal((await voices.find('a')).name, 'my own');
  assert.deepEqual(
    (await voices.list()).map(({ name }) => name),
    ['my own'],
  );
});

test('names that could leave the folder, and those of devices, are no voices', async (t) => {
  const { models, own, voices } = await catalog(t);
  await writeVoice(path.dirname(models), 'secret');
  await writeVoice(models, 'CON');
  await mkdir(own, { recursive: true });
  const names = [
    '../secret',
    '..',
    '.',
    '',
    'a/b',
    'a\\b',
    '/etc',
    'C:',
    'CON',
    'nul',
    '\0',
    'a'.repeat(65),
    '.hidden',
  ];
  for (const name of names) await fails(voices.find(name), 'unknown_voice');
});

test('a voice nobody has is unknown; the active one that is not there is missing', async (t) => {
  const { voices } = await catalog(t);
  await fails(voices.find('nobody'), 'unknown_voice', /nobody/);
  await fails(voices.find(), 'voice_missing', /default/);
  assert.deepEqual(await voices.list(), []);
});

test('graphs without a card, and a card without a graph, are missing', async (t) => {
  const { models, voices } = await catalog(t);
  await rm(path.join(await writeVoice(models, 'cardless'), 'card.json'));
  await fails(voices.find('cardless'), 'voice_missing', /card\.json/);
  await rm(path.join(await writeVoice(models, 'pixelless'), 'pixel.onnx'));
  await fails(voices.find('pixelless'), 'voice_missing', /pixel\.onnx/);
});

test('a graph of another size than the card states is corrupt', async (t) => {
  const { models, voices } = await catalog(t);
  await truncate(path.join(await writeVoice(models, 'cut'), 'row.onnx'), 4);
  await fails(voices.find('cut'), 'voice_corrupt', /row\.onnx has 4 bytes/);
});

test('cards that cannot be are corrupt, and the message says where', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await writeVoice(models, 'v');
  const good = JSON.parse(await readFile(path.join(dir, 'card.json'), 'utf8')) as Record<string, unknown>;
  const graphs = good.graphs as Record<string, Record<string, unknown>>;
  const row = (change: object): object => ({ graphs: { ...graphs, row: { ...graphs.row, ...change } } });
  const cases: [object, RegExp][] = [
    [{ format: 'other' }, /format/],
    [{ version: 1 }, /version/],
    [{ classes: [] }, /classes/],
    [
      {
        classes: [
          { id: 0, name: 'A' },
          { id: 0, name: 'B' },
        ],
      },
      /share an id/,
    ],
    [
      {
        classes: [
          { id: 0, name: 'Rain' },
          { id: 1, name: 'rain' },
        ],
      },
      /share a name/,
    ],
    [{ classes: [{ id: 7, name: 'A' }] }, /expected ids 0, 1/],
    [{ audio: { rate: 0, samples: 1 } }, /audio\.rate/],
    [{ hash: 'x' }, /hash/],
    [{ sampling: { guidance: { default: 9 } } }, /sampling\.guidance\.default/],
    [{ sampling: { guidance: { default: -1 } } }, /sampling\.guidance\.default/],
    [{ sampling: { guidance: { default: 1, classes: { Rain: 'much' } } } }, /sampling\.guidance\.classes\.Rain/],
    [{ sampling: { guidance: { default: 1, classes: { Unicorn: 1 } } } }, /sampling\.guidance\.classes/],
    [row({ file: '../../secret.onnx' }), /graphs\.row\.file/],
    [row({ bytes: -1 }), /graphs\.row\.bytes/],
  ];
  for (const [change, where] of cases) {
    await writeFile(path.join(dir, 'card.json'), JSON.stringify({ ...good, ...change }));
    await fails(voices.find('v'), 'voice_corrupt', where);
  }
  await writeFile(path.join(dir, 'card.json'), '[1, 2');
  await fails(voices.find('v'), 'voice_corrupt', /not JSON/);
});

test('a broken voice is left out of the list, told once, and back when it is repaired', async (t) => {
  const { models, voices, problems } = await catalog(t);
  await writeVoice(models, 'good');
  const dir = await writeVoice(models, 'bad');
  await writeFile(path.join(dir, 'card.json'), '{}');
  for (let i = 0; i < 3; i++)
    assert.deepEqual(
      (await voices.list()).map(({ id }) => id),
      ['good'],
    );
  assert.equal(problems.length, 1);
  await writeVoice(models, 'bad');
  assert.deepEqual(
    (await voices.list()).map(({ id }) => id),
    ['bad', 'good'],
  );
});

/** A voice of one more class than the one in its folder `base`, which it was made of. */
async function trainedOn(models: string, id: string, kept = CLASSES, base?: string): Promise<string> {
  const dir = await writeVoice(models, id);
  const within = base ?? (await writeVoice(dir, 'base'));
  const { hash, classes } = JSON.parse(await readFile(path.join(within, 'card.json'), 'utf8'));
  const all = [...classes, { id: classes.length, name: `Of_${id}` }];
  await writeVoice(models, id, { classes: all, retrained: { base: { id: 'default', hash }, kept } });
  return dir;
}

/** Weights of so many classes, of which these are wanted. */
const weights = (count: number, ...ids: number[]): number[] =>
  Array.from({ length: count }, (_, id) => (ids.includes(id) ? 1 / ids.length : 0));

test('classes that were not trained are made by the voice that a voice was made of', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await trainedOn(models, 'mine', CLASSES.slice(1));
  const voice = await voices.find('mine');
  assert.equal(voice.classCount, 8);
  const modelFor = (classWeights: number[]) => voice.modelFor({ classWeights });
  const base = path.join(dir, 'base');
  assert.deepEqual(modelFor(weights(8, 2)), {
    voiceDir: base,
    classWeights: weights(7, 2),
    guidance: 0,
    guideFollowed: false,
  });
  assert.deepEqual(modelFor(weights(8, 2, 5)).voiceDir, base);
  for (const own of [weights(8, 7), weights(8, 0), weights(8, 2, 7), weights(8, 0, 5)])
    assert.deepEqual(modelFor(own), { voiceDir: dir, classWeights: own, guidance: 0, guideFollowed: false });
  assert.deepEqual(
    voice.models.map((model) => model.dir),
    [dir, path.join(dir, 'base')],
  );
});

test('the guidance of a clip that asks for none is that of the voice that makes it, of its class or its mix', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await trainedOn(models, 'mine', CLASSES.slice(1));
  const sampling = { guidance: { default: 1, classes: { [CLASSES[2]!]: 0.5 } } };
  for (const place of [dir, path.join(dir, 'base')]) {
    const card = JSON.parse(await readFile(path.join(place, 'card.json'), 'utf8'));
    await writeFile(path.join(place, 'card.json'), JSON.stringify({ ...card, ...(place === dir ? {} : { sampling }) }));
  }
  const voice = await voices.find('mine');
  const guidance = (...ids: number[]) => voice.modelFor({ classWeights: weights(8, ...ids) }).guidance;
  assert.deepEqual([guidance(1), guidance(2), guidance(1, 2)], [1, 0.5, 0.75]);
  assert.deepEqual([guidance(7), guidance(0), guidance(2, 7)], [0, 0, 0]);
  assert.equal(voice.modelFor({ classWeights: weights(8, 2), guidance: 3 }).guidance, 3);
  // What only the new prior knows cannot be avoided by the old one.
  const avoiding = (id: number) => voice.modelFor({ classWeights: weights(8, 2), avoid: weights(8, id) });
  assert.deepEqual([avoiding(1).voiceDir, avoiding(1).avoid], [path.join(dir, 'base'), weights(7, 1)]);
  assert.deepEqual([avoiding(7).voiceDir, avoiding(7).avoid], [dir, weights(8, 7)]);
});

test('a voice that was made of one that was made of another passes on as far as it must', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await writeVoice(models, 'twice');
  const base = await trainedOn(dir, 'base');
  await trainedOn(models, 'twice', [...CLASSES, 'Of_base'], base);
  const voice = await voices.find('twice');
  const modelFor = (classWeights: number[]) => voice.modelFor({ classWeights });
  assert.equal(modelFor(weights(9, 8)).voiceDir, dir);
  assert.equal(modelFor(weights(9, 7)).voiceDir, base);
  const deepest = { voiceDir: path.join(base, 'base'), classWeights: weights(7, 3), guidance: 0, guideFollowed: false };
  assert.deepEqual(modelFor(weights(9, 3)), deepest);
});

test('what a voice carries along must be the voice it was made of, and whole', async (t) => {
  const { models, voices } = await catalog(t);
  const dir = await trainedOn(models, 'mine');
  await rm(path.join(dir, 'base', 'row.onnx'));
  await fails(voices.find('mine'), 'voice_missing', /row graph/);
  await writeVoice(dir, 'base');
  await rm(path.join(dir, 'card.json'));
  await writeVoice(models, 'mine', { retrained: { base: { id: 'default', hash: '1'.repeat(64) }, kept: CLASSES } });
  await fails(voices.find('mine'), 'voice_corrupt', /does not match card\.retrained\.base\.hash/);
  // Voices of before carried nothing.
  await rm(path.join(dir, 'base'), { recursive: true });
  assert.deepEqual((await voices.find('mine')).modelFor({ classWeights: weights(7, 1) }).voiceDir, dir);
});

test('a voice that nobody changes is not looked at again; each change of it is seen with the next request', {
  skip: process.platform !== 'linux' && 'elsewhere the system does not tell of changes at once',
}, async (t) => {
  const { own, models, voices } = await catalog(t, Number.POSITIVE_INFINITY);
  await mkdir(own);
  const dir = await writeVoice(models, 'default');
  const real = fs.stat;
  let looks = 0;
  t.mock.method(fs, 'stat', (...args: Parameters<typeof real>) => {
    if (String(args[0]).startsWith(models)) looks += 1;
    return real(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const calm = async (): Promise<number> => {
    for (let i = 0; i < 2; i++) await voices.find();
    const before = looks;
    for (let i = 0; i < 50; i++) await voices.find();
    return looks - before;
  };
  assert.equal(await calm(), 0);
  assert.ok(looks > 0);
  const row = path.join(dir, 'row.onnx');
  const whole = await readFile(row);
  await truncate(row, 3);
  await fails(voices.find(), 'voice_corrupt', /row\.onnx has 3 bytes/);
  await writeFile(row, whole);
  assert.equal(await calm(), 0);
  await rm(path.join(dir, 'pixel.onnx'));
  await fails(voices.find(), 'voice_missing', /pixel\.onnx/);
  await writeVoice(models, 'default');
  assert.equal(await calm(), 0);
  renameClass(dir, CLASSES[0]!, 'Thunder');
  assert.equal((await voices.find()).classes[0]!.name, 'Thunder');
  assert.equal(await calm(), 0);
  // Another that goes before it.
  await writeVoice(own, 'default');
  assert.equal((await voices.find()).dir, path.join(own, 'default'));
  await rename(path.join(own, 'default'), path.join(own, 'gone'));
  assert.equal((await voices.find()).dir, dir);
});
