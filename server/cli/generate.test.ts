import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readRecipe } from '../audio/recipe.ts';
import { decodeWav, encodeWav } from '../audio/wav.ts';
import { workplace } from './test/bin.ts';

interface Line {
  event: string;
  data: Record<string, unknown>;
}
const lines = (stdout: string): Line[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

test('without a server a clip is made here, and its file says how', async (t) => {
  const { dir, foleyd } = await workplace(t);
  const ran = await foleyd('generate', 'dogbark', '--seed', '7', '--top-k', '8', '--out', 'bark.wav');
  assert.deepEqual([ran.code, ran.stdout], [0, 'bark.wav\n'], ran.stderr);
  assert.match(
    ran.stderr,
    /^DogBark, seed 7, voice tiny\nrow 2 of 8\n.*\nclip [0-9a-f]{16}, seed 7\n.*made by this process\n$/s,
  );
  const wav = decodeWav(await readFile(path.join(dir, 'bark.wav')));
  assert.deepEqual([wav.rate, wav.pcm.length], [22_050, 6144]);
  const recipe = readRecipe(wav.info.comment ?? '');
  assert.deepEqual([recipe?.class, recipe?.seed, recipe?.topK, recipe?.voiceId], ['DogBark', 7, 8, 'tiny']);
});

test('--like makes the very same file again, in either format, from a server or without one', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const read = (name: string) => readFile(path.join(dir, name));
  for (const format of ['f32', 's16']) {
    const first = `${format}.wav`;
    const made = await foleyd(
      'generate',
      'Rain:1+GunShot:2',
      '--temperature',
      '0.8',
      '--top-p',
      '0.9',
      '--rate',
      '16000',
      '--format',
      format,
      '--out',
      first,
    );
    assert.equal(made.code, 0, made.stderr);
    const again = await foleyd('generate', '--like', first, '--out', `again-${first}`);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await read(`again-${first}`), await read(first));
  }
  const { ws, http } = await serve();
  // A longer clip that was shaped says that too.
  const asked = { class: 'Rain', seed: 3, length: 0.7, exact: true, reverse: true, gain: -6 };
  const posted = await fetch(`${http}/v1/foley.generate`, { method: 'POST', body: JSON.stringify(asked) });
  const { data: shaped } = (await posted.json()) as { data: { clips: { path: string }[] } };
  const ranAgain = await foleyd('generate', '--like', shaped.clips[0]!.path, '--url', ws, '--out', 'shaped.wav');
  assert.equal(ranAgain.code, 0, ranAgain.stderr);
  assert.deepEqual(await read('shaped.wav'), await readFile(shaped.clips[0]!.path));
  const remote = await foleyd('generate', '--like', 's16.wav', '--url', ws, '--out', 'remote.wav');
  assert.equal(remote.code, 0, remote.stderr);
  assert.match(remote.stderr, new RegExp(`made by ${ws}`));
  assert.deepEqual(await read('remote.wav'), await read('s16.wav'));
});

test('--envelope takes a WAV whose loudness is followed, by clips and by streams, and says what is wrong with one', async (t) => {
  const { dir, foleyd } = await workplace(t);
  const taps = Float32Array.from({ length: 24_000 }, (_, i) => (i % 12_000 < 1000 ? 0.5 * Math.sin(i / 3) : 0));
  await writeFile(path.join(dir, 'taps.wav'), encodeWav(taps, 48_000, 's16'));
  const of = ['Hiss', '--voice', 'tiny-stacked', '--seed', '4', '--envelope'];
  const made = await foleyd('generate', ...of, 'taps.wav', '--out', 'a.wav');
  assert.equal(made.code, 0, made.stderr);
  const recipe = async (name: string) =>
    readRecipe(decodeWav(await readFile(path.join(dir, name))).info.comment ?? '') as unknown as {
      envelope: { levels: number[] };
      stream: { args: { envelope: { levels: number[] } } };
    };
  const { levels } = (await recipe('a.wav')).envelope;
  assert.ok(levels[0]! > -20 && levels.at(-1)! < -60, levels.join());
  const played = await foleyd('stream', ...of, 'taps.wav', '--seconds', '0.5', '--out', 'b.wav');
  assert.equal(played.code, 0, played.stderr);
  assert.deepEqual((await recipe('b.wav')).stream.args.envelope.levels, levels);
  await writeFile(path.join(dir, 'long.wav'), encodeWav(new Float32Array(21 * 8000), 8000, 's16'));
  await writeFile(path.join(dir, 'text.wav'), 'no sound');
  for (const [file, code, why] of [
    ['long.wav', 'usage', /long\.wav lasts 21\.0 s; expected at most 20 s/],
    ['text.wav', 'usage', /--envelope: text\.wav: /],
    ['none.wav', 'io_error', /none\.wav cannot be read/],
  ] as const) {
    const refused = await foleyd('generate', ...of, file);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, new RegExp(`${code}.*${why.source}`));
  }
});

test('vary regenerates a stretch of a saved clip or of a WAV, and leaves every other sample as it is', async (t) => {
  const { dir, foleyd } = await workplace(t);
  const pcm = async (name: string) => decodeWav(await readFile(path.join(dir, name)));
  const changed = (one: Float32Array, other: Float32Array): number[] =>
    [...one.keys()].filter((i) => one[i] !== other[i]);
  const made = await foleyd('generate', 'Rain', '--seed', '3', '--out', 'rain.wav');
  const [, clip = ''] = /^clip ([0-9a-f]{16})/m.exec(made.stderr) ?? [];
  const again = await foleyd('vary', clip, '--from', '0.06', '--to', '0.14', '--seed', '9', '--out', 'other.wav');
  assert.deepEqual([again.code, again.stdout], [0, 'other.wav\n'], again.stderr);
  const [first, second] = [await pcm('rain.wav'), await pcm('other.wav')];
  const differ = changed(first.pcm, second.pcm);
  assert.ok(differ.length > 400 && differ[0]! >= 0.06 * first.rate && differ.at(-1)! < 0.14 * first.rate);
  const rate = 32_000;
  const knocks = Float32Array.from({ length: rate / 2 }, (_, i) => 0.5 * Math.sin(i * 0.05) * Math.sin(i * 0.001));
  await writeFile(path.join(dir, 'knocks.wav'), encodeWav(knocks, rate, 'f32'));
  const stretch = ['--from', '0.2', '--to', '0.3', '--class', 'Rain', '--seed', '1', '--out', 'repaired.wav'];
  const repaired = await foleyd('vary', 'knocks.wav', ...stretch);
  assert.equal(repaired.code, 0, repaired.stderr);
  const sound = await pcm('repaired.wav');
  const anew = changed(knocks, sound.pcm);
  assert.deepEqual([sound.rate, sound.pcm.length], [rate, knocks.length]);
  assert.ok(anew.length > 900 && anew[0]! >= 0.2 * rate && anew.at(-1)! < 0.3 * rate);
  const refused = await foleyd('vary', 'knocks.wav', '--from', '0.2', '--to', '0.3');
  assert.match(refused.stderr, /needs a class/);
  assert.match((await foleyd('vary', 'door.flac')).stderr, /usage: door\.flac is no WAV file; expected one, or the id/);
  await writeFile(path.join(dir, 'long.wav'), new Uint8Array(1_000_001));
  assert.match((await foleyd('vary', 'long.wav', '--class', 'Rain')).stderr, /usage: long\.wav has 1000001 bytes/);
});

test('what is given beside --like changes the clip', async (t) => {
  const { dir, foleyd } = await workplace(t);
  await foleyd('generate', '0', '--seed', '5', '--out', 'a.wav');
  const ran = await foleyd('generate', '--like', 'a.wav', '--seed', '6', '--out', 'b.wav');
  assert.equal(ran.code, 0, ran.stderr);
  const recipe = readRecipe(decodeWav(await readFile(path.join(dir, 'b.wav'))).info.comment ?? '');
  assert.deepEqual([recipe?.seed, recipe?.class], [6, 'DogBark']);
  assert.notDeepEqual(await readFile(path.join(dir, 'a.wav')), await readFile(path.join(dir, 'b.wav')));
});

test('a clip of a voice that is not here is refused, and made with another only when that is named', async (t) => {
  const { dir, foleyd } = await workplace(t);
  await foleyd('generate', 'Rain', '--seed', '1', '--out', 'a.wav');
  const wav = decodeWav(await readFile(path.join(dir, 'a.wav')));
  const foreign = { comment: wav.info.comment?.replace(/"voice":"[0-9a-f]{64}"/, `"voice":"${'0'.repeat(64)}"`) ?? '' };
  await writeFile(path.join(dir, 'b.wav'), encodeWav(wav.pcm, wav.rate, 'f32', foreign));
  const refused = await foleyd('generate', '--like', 'b.wav');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /foleyd: voice_mismatch: .*tiny \(000000000000\).*the installed tiny is/);
  const forced = await foleyd('generate', '--like', 'b.wav', '--voice', 'tiny', '--out', 'c.wav');
  assert.equal(forced.code, 0);
  assert.match(forced.stderr, /voice_mismatch: .*will differ/);
});

test('a variation is not taken for the clip that its seed alone would make', async (t) => {
  const { dir, foleyd } = await workplace(t);
  await foleyd('generate', 'Rain', '--seed', '1', '--out', 'a.wav');
  const { pcm, rate, info } = decodeWav(await readFile(path.join(dir, 'a.wav')));
  const comment = info.comment!.replace('{', '{"lineage":{"how":"varied","from":null,"amount":0.5},');
  await writeFile(path.join(dir, 'b.wav'), encodeWav(pcm, rate, 'f32', { comment }));
  const refused = await foleyd('generate', '--like', 'b.wav');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /no_recipe: .*made from another clip.*foleyd vary/);
});

test('a WAV of someone else, a text and a file that is not there have no recipe to follow', async (t) => {
  const { dir, foleyd } = await workplace(t);
  await writeFile(path.join(dir, 'plain.wav'), encodeWav(new Float32Array(10), 8000, 's16'));
  await writeFile(path.join(dir, 'text.wav'), 'not a sound');
  for (const [file, said] of [
    ['plain.wav', /no_recipe: .*contains no recipe/],
    ['text.wav', /no_recipe: .*not a WAV file/],
    ['gone.wav', /io_error: .*ENOENT/],
  ] as const) {
    const ran = await foleyd('generate', '--like', file);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, said);
    assert.equal(ran.stdout, '');
  }
});

test('several clips go into a folder, named by class and seed, and never over another file', async (t) => {
  const { dir, foleyd } = await workplace(t);
  const ask = ['generate', 'Rain', '--count', '2', '--seed', '4294967295', '--out', 'takes/'];
  assert.equal((await foleyd(...ask)).code, 0);
  const again = await foleyd(...ask);
  assert.equal(again.code, 0);
  assert.deepEqual((await readdir(path.join(dir, 'takes'))).sort(), [
    'Rain-0-2.wav',
    'Rain-0.wav',
    'Rain-4294967295-2.wav',
    'Rain-4294967295.wav',
  ]);
});

test('--json gives every event as a line, and the files after them', async (t) => {
  const { dir, foleyd } = await workplace(t);
  const ran = await foleyd('generate', 'Keyboard', '--seed', '3', '--json');
  assert.equal(ran.code, 0, ran.stderr);
  const events = lines(ran.stdout);
  const rows = Array.from({ length: 8 }, () => 'row');
  assert.deepEqual(
    events.map(({ event }) => event),
    ['accepted', ...rows, 'done', 'saved'],
  );
  assert.deepEqual((events[1]?.data.codes as number[] | undefined)?.length, 6);
  const saved = events.at(-1)?.data as { file: string; bytes: number } | undefined;
  assert.equal((await stat(path.join(dir, saved?.file ?? 'none'))).size, saved?.bytes);
  assert.equal(ran.stderr, '');
});

test('a refused request fails with the code of the protocol, on stderr and in the JSON', async (t) => {
  const { foleyd } = await workplace(t);
  const unknown = await foleyd('generate', 'Unicorn', '--json');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^foleyd: unknown_class: /);
  assert.equal(lines(unknown.stdout)[0]?.data.code, 'unknown_class');
  const hot = await foleyd('generate', 'Rain', '--temperature', '9');
  assert.equal(hot.code, 1);
  assert.match(hot.stderr, /^foleyd: bad_args: --temperature: expected a number of at most 2\n$/);
});

test('playing without a device fails with a code, and the clip is there', async (t) => {
  const { dir, env, foleyd } = await workplace(t);
  env.FOLEYD_AUDIO_SINK = 'none';
  const heard = await foleyd('generate', 'Rain', '--seed', '1', '--play', '--out', 'a.wav');
  assert.equal(heard.code, 0, heard.stderr);
  // A library that cannot be loaded stands for every way in which sound can be missing.
  env.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent('if (/player\\.[jt]s$/.test(process.argv[1])) process.exit(9);')}`;
  const silent = await foleyd('generate', 'Rain', '--seed', '1', '--play', '--out', 'b.wav');
  assert.equal(silent.code, 1);
  assert.match(silent.stderr, /foleyd: no_audio: b\.wav is saved but could not be played: .*exit code 9/);
  assert.deepEqual(await readFile(path.join(dir, 'b.wav')), await readFile(path.join(dir, 'a.wav')));
});

const noSignals = process.platform === 'win32' ? 'a signal ends a process at once there' : false;

test('Ctrl-C ends the request, here and in the server, and leaves with 130', { skip: noSignals }, async (t) => {
  const { dir, interrupt, serve } = await workplace(t);
  const long = ['generate', 'Rain', '--count', '64', '--out', 'takes/'];
  const local = await interrupt(/row 2 of 8/, ...long);
  assert.deepEqual([local.code, local.stdout], [130, ''], local.stderr);
  const { ws, http } = await serve();
  const remote = await interrupt(/row 2 of 8/, ...long, '--url', ws);
  assert.deepEqual([remote.code, remote.stdout], [130, ''], remote.stderr);
  const answer = await fetch(new URL('/v1/foley.generate', http), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ class: 'Rain', seed: 1, audio: false }),
  });
  assert.equal(((await answer.json()) as { event: string }).event, 'done');
  await assert.rejects(stat(path.join(dir, 'takes')), { code: 'ENOENT' });
});
