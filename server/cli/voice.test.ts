import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { voiceDir } from '../engine/fixtures.ts';
import { workplace } from './test/bin.ts';

test('a voice goes out, comes in under another id, is compared and heard, and goes', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { stop } = await serve();
  const out = await foleyd('voice', 'export', 'tiny', 'carried.foleyvoice');
  assert.deepEqual([out.code, out.stdout], [0, 'carried.foleyvoice\n'], out.stderr);
  const taken = await foleyd('voice', 'import', 'carried.foleyvoice');
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /^foleyd: already_exists: .*as/);
  const came = await foleyd('voice', 'import', 'carried.foleyvoice', '--as', 'mine');
  assert.deepEqual([came.code, came.stdout], [0, 'mine\n'], came.stderr);
  const voices = path.join(dir, 'data', 'voices');
  assert.deepEqual(readdirSync(voices), ['mine']);
  assert.deepEqual(readdirSync(path.join(dir, 'data', 'voice-uploads')), []);

  const compared = await foleyd('voice', 'compare', 'tiny', 'mine', '--class', 'dogbark', '--seed', '1', '--out', 'ab');
  assert.equal(compared.code, 0, compared.stderr);
  assert.match(compared.stdout, /^voice +tiny \* +mine$/m);
  assert.match(compared.stdout, /^FAD +not measured +not measured$/m);
  const wavs = ['mine-DogBark-1.wav', 'tiny-DogBark-1.wav'];
  assert.deepEqual(readdirSync(path.join(dir, 'ab')).sort(), wavs);
  const [a, b] = wavs.map((name) => readFileSync(path.join(dir, 'ab', name)));
  // Under another name it is the same voice, so the same sound; the recipe inside names the voice.
  const sound = (wav: Buffer): Buffer => wav.subarray(wav.indexOf('data'));
  assert.deepEqual(sound(a!).subarray(0, 20_000), sound(b!).subarray(0, 20_000));

  const gone = await foleyd('voice', 'delete', 'mine', '--json');
  assert.deepEqual([gone.code, JSON.parse(gone.stdout).deleted], [0, 'mine'], gone.stderr);
  const kept = await foleyd('voice', 'delete', 'tiny');
  assert.deepEqual([kept.code, /^foleyd: voice_built_in: /.test(kept.stderr)], [1, true], kept.stderr);
  assert.equal(await stop(), 0);
});

test('without a server it works as well, and what is no voice is refused with a code', async (t) => {
  const { dir, foleyd } = await workplace(t);
  cpSync(voiceDir('tiny-vq'), path.join(dir, 'data', 'voices', 'own'), { recursive: true });
  const out = await foleyd('voice', 'export', 'own', '--json');
  const { file, bytes } = JSON.parse(out.stdout) as { file: string; bytes: number };
  assert.deepEqual([file, readFileSync(path.join(dir, file)).length], ['own.foleyvoice', bytes]);
  const damaged = readFileSync(path.join(dir, file));
  damaged[damaged.length - 100]! ^= 1;
  writeFileSync(path.join(dir, 'damaged'), damaged);
  for (const [args, code] of [
    [['import', 'damaged', '--as', 'x'], 'bad_voice'],
    [['import', 'nothing'], 'io_error'],
    [['export', 'nobody', 'x'], 'unknown_voice'],
    [['compare', 'own', 'nobody'], 'unknown_voice'],
    [['delete', 'nobody'], 'unknown_voice'],
  ] as const) {
    const ran = await foleyd('voice', ...args);
    assert.deepEqual([ran.code, ran.stderr.split(': ').slice(0, 2)], [1, ['foleyd', code]], ran.stderr);
  }
  assert.ok(!existsSync(path.join(dir, 'x')) && !existsSync(path.join(dir, 'x.part')));
  assert.deepEqual(readdirSync(path.join(dir, 'data', 'voices')), ['own']);
});

test('a voice goes out as a folder that says what is in it, and comes in again the same', async (t) => {
  const { dir, foleyd } = await workplace(t);
  const own = path.join(dir, 'data', 'voices', 'own');
  cpSync(voiceDir('tiny-stacked'), own, { recursive: true });
  const measured = { prior: { nll: 3.1, note: 'kept apart' }, vocoder: { envelopes_l1: 0.27 } };
  const plain = JSON.parse(readFileSync(path.join(own, 'card.json'), 'utf8'));
  writeFileSync(path.join(own, 'card.json'), JSON.stringify({ ...plain, scores: measured }));
  const out = await foleyd('voice', 'export', 'own', 'share/own', '--hub', '--permissive-only');
  assert.deepEqual([out.code, out.stdout], [0, 'share/own\n'], out.stderr);
  const shared = path.join(dir, 'share', 'own');
  const card = JSON.parse(readFileSync(path.join(own, 'card.json'), 'utf8'));
  const graphs = Object.values(card.graphs as Record<string, { file: string }>).map(({ file }) => file);
  assert.deepEqual(
    readdirSync(shared).sort(),
    [...graphs, 'LICENCES.md', 'README.md', 'card.json', 'model.safetensors', 'scores.json'].sort(),
  );
  for (const file of graphs)
    assert.ok(readFileSync(path.join(shared, file)).equals(readFileSync(path.join(own, file))));
  assert.deepEqual(readdirSync(path.dirname(shared)), ['own'], 'nothing half made stays beside it');

  const [, front = '', text = ''] =
    /^---\n(.*?)---\n(.*)$/s.exec(readFileSync(path.join(shared, 'README.md'), 'utf8')) ?? [];
  const about = Object.fromEntries(
    front
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(': ')), JSON.parse(line.slice(line.indexOf(': ') + 2))]),
  );
  assert.deepEqual([about.license, about.library_name, about.foleyd.hash], ['cc0-1.0', 'foleyd', card.hash]);
  assert.deepEqual(
    about.foleyd.classes,
    card.classes.map((one: { name: string }) => one.name),
  );
  const [{ results }] = about['model-index'];
  assert.deepEqual(
    results.map(({ metrics }: { metrics: { type: string; value: number }[] }) => [metrics[0]?.type, metrics[0]?.value]),
    [
      ['nll', 3.1],
      ['envelopes_l1', 0.27],
    ],
  );
  assert.match(text, /\| CC0-1\.0 \| permissive \|/);
  const header = readFileSync(path.join(shared, 'model.safetensors')).toString('latin1', 8, 400);
  assert.match(header, new RegExp(`"hash":"${card.hash}"`));

  const again = await foleyd('voice', 'export', 'own', 'share/own', '--hub');
  assert.deepEqual([again.code, /^foleyd: already_exists: /.test(again.stderr)], [1, true], again.stderr);
  // What is not the voice's does not come in, and no longer has to be there.
  writeFileSync(path.join(shared, 'README.md'), 'changed');
  const came = await foleyd('voice', 'import', 'share/own', '--as', 'theirs', '--json');
  assert.deepEqual([came.code, JSON.parse(came.stdout).hash], [0, card.hash], came.stderr);
  const files = readdirSync(path.join(dir, 'data', 'voices', 'theirs')).sort();
  assert.deepEqual(files, [...graphs, 'card.json'].sort());

  writeFileSync(path.join(shared, 'card.json'), '{}');
  const broken = await foleyd('voice', 'import', 'share/own', '--as', 'x');
  assert.deepEqual([broken.code, /^foleyd: bad_voice: /.test(broken.stderr)], [1, true], broken.stderr);

  const copyleft = { ...card, data: { licences: { 'GPL-2.0-or-later': 2 } } };
  writeFileSync(path.join(own, 'card.json'), JSON.stringify(copyleft));
  const refused = await foleyd('voice', 'export', 'own', 'elsewhere', '--hub', '--permissive-only');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^foleyd: licence_refused: .*GPL-2\.0-or-later \(copyleft, 2 clips\)/);
  assert.ok(!existsSync(path.join(dir, 'elsewhere')));
});
