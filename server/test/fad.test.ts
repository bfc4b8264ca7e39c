/** `admin.fad` from a client's side, with a voice of noise and the embedder that is shipped. */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Answer, EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { failed } from './support/failed.ts';
import { renameClass } from './support/voice.ts';

type Score = EventData<'admin.fad', 'done'>['score'];

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-fad-'));
const data = path.join(folder, 'data');
const models = path.join(folder, 'models');
let app: App;

const open = () => createApp(resolveConfig({ data, models, voice: 'tiny', listen: false, logLevel: 'silent' }, {}));

before(async () => {
  cpSync(path.join(root, 'models/fixtures/tiny'), path.join(models, 'tiny'), { recursive: true });
  cpSync(path.join(root, 'models/fixtures/tiny'), path.join(models, 'roosters'), { recursive: true });
  renameClass(path.join(models, 'roosters'), 'Rain', 'Rooster');
  mkdirSync(path.join(models, 'default'));
  for (const file of ['embedder.json', 'embedder.onnx', 'reference.npz'])
    cpSync(path.join(root, 'models/default', file), path.join(models, 'default', file));
  mkdirSync(path.join(data, 'references'), { recursive: true });
  cpSync(path.join(root, 'models/fixtures/distances/statistics.npz'), path.join(data, 'references/foreign.npz'));
  writeFileSync(path.join(data, 'references/broken.npz'), 'nothing');
  app = await open();
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

function measured(args: Record<string, unknown>, on: (answer: Answer) => void = () => undefined) {
  return app.connect('admin').call('admin.fad', args, on) as Promise<EventData<'admin.fad', 'done'>>;
}

const order = { classes: ['Rain', 'DogBark'], clips: 8, seed: 5 };

test('clips are made, heard and measured, class by class, and the score is kept', async () => {
  const seen: string[] = [];
  const progress: string[] = [];
  const { score } = await measured(order, ({ event, data: given }) => {
    if (event !== 'progress') seen.push(event);
    else progress.push(`${given.part} ${given.done}/${given.of}`);
  });
  assert.deepEqual(seen.slice(0, 3), ['accepted', 'class', 'class']);
  assert.deepEqual(progress, [
    ...Array.from({ length: 16 }, (_, i) => `clips ${i + 1}/16`),
    'distances 1/2',
    'distances 2/2',
  ]);
  assert.deepEqual(Object.keys(score.classes), ['Rain', 'DogBark']);
  for (const one of Object.values(score.classes)) {
    assert.equal(one.clips, 8);
    assert.ok(one.fad > 0 && one.low! <= one.fad && one.fad <= one.high! && one.kad! > 0);
    assert.ok(one.reference.clips! > 10);
  }
  const { average, classes } = score;
  assert.ok(Math.abs(average.fad - (classes.Rain!.fad + classes.DogBark!.fad) / 2) < 1e-9 * average.fad);
  // The squares of the classes' arms add up.
  const arms = [classes.Rain!, classes.DogBark!].map(({ low, fad, high }) => [fad - low!, high! - fad]);
  const arm = (end: 0 | 1): number => Math.hypot(arms[0]![end]!, arms[1]![end]!) / 2;
  assert.ok(Math.abs(average.fad - arm(0) - average.low!) < 1e-9 * average.fad);
  assert.ok(Math.abs(average.fad + arm(1) - average.high!) < 1e-9 * average.fad);
  assert.deepEqual([score.temperature, score.memorised], [1, null]);
  const again = await measured(order);
  const numbers = ({ when, ...rest }: Score) => rest;
  assert.deepEqual(numbers(again.score), numbers(score), 'the same clips have the same distances');

  // What a crash has cut short costs that line alone.
  await app.close();
  appendFileSync(path.join(data, 'scores.jsonl'), '{"when":"2026');
  app = await open();
  await measured({ ...order, classes: ['Rain'], clips: 2 });
  const lines = readFileSync(path.join(data, 'scores.jsonl'), 'utf8').trim().split('\n');
  assert.equal(lines.length, 4);
  const scores = async (voice: string) => {
    return ((await app.connect().call('voice.scores', { voice })) as EventData<'voice.scores', 'done'>).scores;
  };
  const kept = await scores('tiny');
  assert.deepEqual(
    kept.map(({ clips }) => clips),
    [8, 8, 2],
  );
  assert.equal(kept[2]!.classes.Rain!.low, null);
  assert.equal(kept[2]!.average.low, null);
  assert.deepEqual(await scores('other'), []);
});

test('what cannot be measured is refused before anything is made', async () => {
  const ask = (args: object) => measured({ ...order, ...args });
  await assert.rejects(ask({ classes: ['Unicorn'] }), failed('unknown_class'));
  await assert.rejects(ask({ voice: 'nobody' }), failed('unknown_voice'));
  await assert.rejects(ask({ reference: 'nothing' }), failed('unknown_reference'));
  await assert.rejects(ask({ reference: '../references/foreign' }), failed('unknown_reference'));
  await assert.rejects(ask({ reference: 'broken' }), failed('bad_reference', /not an \.npz file/));
  await assert.rejects(ask({ reference: 'foreign' }), failed('bad_reference', /24 numbers/));
  await assert.rejects(ask({ clips: 1 }), failed('bad_args'));
  await assert.rejects(app.connect('play').call('admin.fad', order), failed('forbidden'));
});

test('a class that the reference does not know is said and left out, and with no other it is refused', async () => {
  let missing: unknown;
  const { score } = await measured({ voice: 'roosters', clips: 2, classes: ['DogBark', 'Rooster'] }, (answer) => {
    if (answer.event === 'accepted') missing = answer.data.missing;
  });
  assert.deepEqual([missing, Object.keys(score.classes)], [['Rooster'], ['DogBark']]);
  const known = Object.keys(
    JSON.parse(readFileSync(path.join(models, 'default/embedder.json'), 'utf8')).reference.clips,
  );
  await assert.rejects(
    measured({ voice: 'roosters', clips: 2, classes: ['Rooster'] }),
    failed('bad_reference', new RegExp(`none of the classes Rooster; it has ${known.join(', ')}`)),
  );
});

test('it can be cancelled, and somebody else’s clip does not wait for it', async () => {
  let cancelled: Promise<unknown> | null = null;
  const made: string[] = [];
  const long = measured({ clips: 200 }, ({ event, data: given }) => {
    if (event === 'accepted') {
      const { job } = given;
      const clip = app.connect().call('foley.generate', { class: 'Rain' });
      cancelled = clip.then(() => app.connect('admin').call('foley.cancel', { job }));
    }
    if (event === 'progress') made.push(String(given.done));
  });
  await assert.rejects(long, failed('cancelled'));
  assert.deepEqual(await cancelled, { cancelled: true });
  assert.ok(made.length < 1400 / 2, `${made.length} clips were made before`);
});
