/** Where `--out` puts files: each whole or not at all, and no name that makes the command loop or lose a file. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { readFlacComments } from '../../audio/flac.ts';
import { decodeWav } from '../../audio/wav.ts';
import { folderOf, replaceFile, targetOf, writeClip, writeNew } from '../../cli/files.ts';
import { workplace } from '../../cli/test/bin.ts';

const bytes = Uint8Array.of(1, 2, 3);
const noPosix = process.platform === 'win32' ? 'links and modes are those of POSIX' : false;

function folder(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-out-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('a folder for several files may not be an existing file, and writing below a file is an error', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'bark');
  writeFileSync(file, 'mine');
  for (const out of [file, `${file}/`])
    await assert.rejects(folderOf(out), { code: 'usage', message: /a file of this name exists/ });
  await assert.rejects(folderOf('-'), { code: 'usage' });
  await assert.rejects(targetOf(file), { code: 'usage', message: /\.wav or \.flac/ });
  await assert.rejects(writeNew(file, 'a.wav', bytes), {
    code: 'io_error',
    message: /a file of this name exists \(EEXIST\)/,
  });
  await assert.rejects(writeNew(path.join(file, 'sub'), 'a.wav', bytes), { code: 'io_error', message: /ENOTDIR/ });
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('an ending that foleyd does not write is refused before a clip is made', async (t) => {
  const dir = folder(t);
  for (const name of ['a.mp3', 'a.aiff', 'a.ogg'])
    await assert.rejects(targetOf(path.join(dir, name)), { code: 'usage', message: /written as \.wav or \.flac/ });
  assert.deepEqual(await targetOf('x.FLAC'), { kind: 'file', file: 'x.FLAC', ending: 'flac' });
  assert.deepEqual(await targetOf('-'), { kind: 'stdout' });
  assert.deepEqual(await targetOf(dir), { kind: 'folder', folder: dir });
  mkdirSync(path.join(dir, 'v1.2'));
  assert.equal((await targetOf(path.join(dir, 'v1.2'))).kind, 'folder');
});

test('a name that is longer than the disk takes is refused before anything is made', { skip: noPosix }, async (t) => {
  const { dir, foleyd } = await workplace(t);
  const long = 'b'.repeat(300);
  const wrong = { code: 'usage', message: /the name has \d+ bytes, more than this disk takes/ };
  for (const out of [`${long}.wav`, `${long}/a.wav`, `new/${long}.wav`, `${long}/`, long, 'a/'.repeat(2500)])
    await assert.rejects(targetOf(path.join(dir, out)), wrong);
  await assert.rejects(folderOf(path.join(dir, long)), wrong);
  // Several clips have longer names than one.
  const fits = path.join(dir, `${'b'.repeat(250)}.wav`);
  assert.equal((await targetOf(fits, 1)).kind, 'file');
  await assert.rejects(targetOf(fits, 2), wrong);
  for (const args of [
    ['stream', 'Rain', '--seconds', '1', '--out', `${long}.wav`],
    ['voice', 'export', 'tiny', `${long}.foleyvoice`],
    ['voice', 'export', 'tiny', long, '--hub'],
  ]) {
    const { code, stderr } = await foleyd(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^foleyd: usage: .*the name has \d+ bytes/);
  }
  assert.deepEqual(readdirSync(dir), []);
});

test('a stream goes where a clip would: no file is replaced, FLAC for .flac, standard output for -', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { ws } = await serve();
  const stream = (...more: string[]) =>
    foleyd('stream', 'Hiss', '--voice', 'tiny-stacked', '--seconds', '0.5', '--seed', '5', '--url', ws, ...more);
  for (const name of ['stream-5.wav', 'stream-5-2.wav']) {
    const { code, stdout, stderr } = await stream();
    assert.deepEqual([code, stdout], [0, `${name}\n`], stderr);
    assert.match(stderr, /^(second 0(\.\d)? of 0\.5\n)*second 0\.5 of 0\.5\nstream /);
  }
  const whole = readFileSync(path.join(dir, 'stream-5.wav'));
  assert.deepEqual(readFileSync(path.join(dir, 'stream-5-2.wav')), whole);
  const piped = await stream('--out', '-');
  assert.deepEqual([piped.code, piped.bytes.equals(whole)], [0, true], piped.stderr);
  const packed = await stream('--out', 'rain.flac');
  assert.equal(packed.code, 0, packed.stderr);
  const flac = readFileSync(path.join(dir, 'rain.flac'));
  assert.equal(flac.subarray(0, 4).toString('latin1'), 'fLaC');
  assert.equal(readFlacComments(flac)?.get('FOLEYD'), decodeWav(whole).info.comment);
  const refused = await stream('--out', 'rain.mp3');
  assert.deepEqual([refused.code, refused.stdout], [2, '']);
  assert.match(refused.stderr, /\.wav or \.flac/);
});

test('a write that fails half-way leaves the file that was there, and no other', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'bark.wav');
  writeFileSync(file, 'mine');
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const failing = replaceFile(file, async (write) => {
    await write(bytes);
    throw full;
  });
  await assert.rejects(failing, {
    code: 'io_error',
    message: /bark\.wav could not be written: the disk is full \(ENOSPC\)/,
  });
  assert.deepEqual([readdirSync(dir), readFileSync(file, 'utf8')], [['bark.wav'], 'mine']);
  await replaceFile(file, bytes);
  assert.deepEqual([readdirSync(dir), [...readFileSync(file)]], [['bark.wav'], [1, 2, 3]]);
});

test('a link stays a link, a mode stays, and a read-only file is not replaced', { skip: noPosix }, async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'real.wav');
  writeFileSync(file, 'mine', { mode: 0o640 });
  chmodSync(file, 0o640);
  symlinkSync(file, path.join(dir, 'link.wav'));
  await replaceFile(path.join(dir, 'link.wav'), bytes);
  assert.deepEqual([[...readFileSync(file)], statSync(file).mode & 0o777], [[1, 2, 3], 0o640]);
  if (process.getuid?.() === 0) return;
  chmodSync(file, 0o440);
  await assert.rejects(replaceFile(file, 'other'), { code: 'io_error', message: /permission denied/ });
});

test('a link to a file that is not there yet stays a link, and the file is made', { skip: noPosix }, async (t) => {
  const dir = folder(t);
  symlinkSync('takes/real.wav', path.join(dir, 'middle.wav'));
  symlinkSync(path.join(dir, 'middle.wav'), path.join(dir, 'link.wav'));
  await replaceFile(path.join(dir, 'link.wav'), bytes);
  assert.deepEqual([...readFileSync(path.join(dir, 'takes', 'real.wav'))], [1, 2, 3]);
  assert.ok(lstatSync(path.join(dir, 'link.wav')).isSymbolicLink());
  symlinkSync('two.wav', path.join(dir, 'one.wav'));
  symlinkSync('one.wav', path.join(dir, 'two.wav'));
  await assert.rejects(replaceFile(path.join(dir, 'one.wav'), bytes), { code: 'io_error' });
  assert.ok(lstatSync(path.join(dir, 'one.wav')).isSymbolicLink());
});

test('a device takes the bytes as they come, and says when it cannot', {
  skip: process.platform !== 'linux',
}, async () => {
  await replaceFile('/dev/null', bytes);
  assert.ok(statSync('/dev/null').isCharacterDevice());
  await assert.rejects(replaceFile('/dev/full', bytes), { code: 'io_error', message: /the disk is full/ });
});

test('names that are taken get a number, and nothing is replaced', async (t) => {
  const dir = folder(t);
  const names = [];
  for (let i = 0; i < 3; i++)
    names.push(path.basename(await writeClip({ kind: 'folder', folder: dir }, { class: 'Rain', seed: 1 }, 1, bytes)));
  assert.deepEqual(names, ['Rain-1.wav', 'Rain-1-2.wav', 'Rain-1-3.wav']);
  assert.deepEqual(readdirSync(dir).sort(), names.sort());
});

test('generate writes FLAC to a.flac, the WAV to standard output for -, and both follow the recipe', async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { ws } = await serve();
  const flac = await foleyd('generate', 'Rain', '--seed', '3', '--out', 'a.flac', '--url', ws);
  assert.deepEqual([flac.code, flac.stdout], [0, 'a.flac\n'], flac.stderr);
  const comments = readFlacComments(readFileSync(path.join(dir, 'a.flac')));
  assert.match(comments?.get('FOLEYD') ?? '', /"seed":3/);
  const piped = await foleyd('generate', '--like', 'a.flac', '--out', '-', '--url', ws);
  assert.equal(piped.code, 0, piped.stderr);
  assert.equal(piped.bytes.subarray(0, 4).toString('latin1'), 'RIFF');
  const { pcm, info } = decodeWav(piped.bytes);
  assert.equal(info.comment, comments?.get('FOLEYD'));
  assert.ok(pcm.length > 1000);
  for (const more of [['--json'], ['--count', '2'], ['--play']]) {
    const refused = await foleyd('generate', 'Rain', '--out', '-', ...more, '--url', ws);
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
  }
});
