/** `candidates` from a client's side, with a voice of noise and the embedder that is shipped. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Answer, ArgsInput, EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { readRecipe } from '../audio/recipe.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import { renameClass } from './support/voice.ts';

type Candidate = EventData<'foley.generate', 'candidate'>;
type Done = EventData<'foley.generate', 'done'>;

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-candidates-'));
const models = path.join(folder, 'models');
let app: App;

before(async () => {
  cpSync(path.join(root, 'models/fixtures/tiny'), path.join(models, 'tiny'), { recursive: true });
  cpSync(path.join(root, 'models/fixtures/tiny'), path.join(models, 'roosters'), { recursive: true });
  renameClass(path.join(models, 'roosters'), 'Rain', 'Rooster');
  mkdirSync(path.join(models, 'default'));
  for (const file of ['embedder.onnx', 'reference.npz'])
    cpSync(path.join(root, 'models/default', file), path.join(models, 'default', file));
  // The default voice is chosen for by the class alone; this one can tell real clips, too.
  const ranking = readFileSync(path.join(root, 'models/fixtures/distances/ranking.npz'));
  writeFileSync(path.join(models, 'default/ranking.npz'), ranking);
  const card = JSON.parse(readFileSync(path.join(root, 'models/default/embedder.json'), 'utf8'));
  const sha256 = createHash('sha256').update(ranking).digest('hex');
  const named = { ...card, ranking: { file: 'ranking.npz', sha256, bytes: ranking.length } };
  writeFileSync(path.join(models, 'default/embedder.json'), JSON.stringify(named));
  const data = path.join(folder, 'data');
  app = await createApp(resolveConfig({ data, models, voice: 'tiny', listen: false, logLevel: 'silent' }, {}));
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

async function generate(args: Partial<ArgsInput<'foley.generate'>>) {
  const answers: Answer[] = [];
  const order = { class: 'Rain', seed: 5, save: true, audio: false, ...args };
  const done = (await app.connect('play').call('foley.generate', order, (answer) => answers.push(answer))) as Done;
  const told = answers.flatMap(({ event, data }) => (event === 'candidate' ? [data as Candidate] : []));
  return { done, told, events: answers.map(({ event }) => event) };
}

const saved = (clip: Done['clips'][number]) => decodeWav(readFileSync(clip.path!));

test('the best of each clip’s candidates is handed over, told with its score, and made again alone by its seed', async () => {
  const { done, told, events } = await generate({ candidates: 3, count: 2, previews: true });
  assert.equal(events.filter((event) => event === 'accepted').length, 1);
  assert.ok(!events.includes('row') && !events.includes('preview'));
  assert.deepEqual(
    told.map(({ index, candidate }) => [index, candidate]),
    [0, 1].flatMap((index) => [0, 1, 2].map((candidate) => [index, candidate])),
  );
  assert.equal(told[0]!.seed, 5);
  assert.equal(told[3]!.seed, 6);
  assert.equal(new Set(told.map(({ seed }) => seed)).size, 6);
  for (const clip of done.clips) {
    const own = told.filter(({ index }) => index === clip.index);
    const chosen = own.filter((one) => one.chosen);
    assert.equal(chosen.length, 1);
    assert.deepEqual([clip.seed, clip.score], [chosen[0]!.seed, chosen[0]!.score]);
    for (const { score, posterior, real, rejected } of own) {
      assert.ok(Math.abs(score - (posterior - Math.log1p(Math.exp(-real!)))) < 1e-6);
      if (rejected === chosen[0]!.rejected) assert.ok(score <= chosen[0]!.score);
    }
    const { pcm, info } = saved(clip);
    const recipe = readRecipe(info.comment!)!;
    assert.deepEqual([recipe.seed, recipe.chosen], [clip.seed, { of: 3, score: clip.score }]);
    const again = await generate({ seed: clip.seed });
    assert.deepEqual(saved(again.done.clips[0]!).pcm, pcm);
    assert.deepEqual(again.told, []);
    assert.equal(again.done.clips[0]!.score, undefined);
  }
});

test('of a class that the embedder does not know the most real candidate is handed over', async () => {
  const { done, told } = await generate({ voice: 'roosters', class: 'Rooster', candidates: 3 });
  const real = told.filter(({ rejected }) => rejected === null).map((one) => one.real!);
  assert.ok(told.every(({ posterior }) => posterior === 0) && real.length > 0);
  const chosen = told.find((one) => one.chosen)!;
  assert.deepEqual([chosen.real, done.clips[0]!.score], [Math.max(...real), chosen.score]);
  // Of a mix the classes that it does know decide.
  const mixed = await generate({ voice: 'roosters', class: { Rooster: 0.5, DogBark: 0.5 }, candidates: 2 });
  assert.ok(mixed.told.every(({ posterior }) => posterior < 0));
});

test('of a clip longer than the voice’s the first piece is chosen, and the rest goes on from it', async () => {
  const plain = await generate({});
  const length = plain.done.seconds * 1.5;
  const { done, told } = await generate({ candidates: 2, length });
  assert.equal(told.length, 2);
  const again = await generate({ seed: done.clips[0]!.seed, length });
  assert.deepEqual(saved(again.done.clips[0]!).pcm, saved(done.clips[0]!).pcm);
});

test('more candidates than there may be are refused, and a cancelled job ends once', async () => {
  await assert.rejects(generate({ candidates: 17 }), { code: 'bad_args' });
  const session = app.connect('play');
  const ends: string[] = [];
  const call = session.call('foley.generate', { class: 'Rain', candidates: 16, count: 4 }, ({ event, data }) => {
    if (event === 'accepted') void session.call('foley.cancel', { job: (data as { job: string }).job });
  });
  await call.then(
    () => ends.push('done'),
    (error: { code: string }) => ends.push(error.code),
  );
  assert.deepEqual(ends, ['cancelled']);
});
