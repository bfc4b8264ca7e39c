import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeWav } from '../audio/wav.ts';
import type { EvaluationResult } from '../evaluation/evaluator.ts';
import { CliError } from './errors.ts';
import { type FadOptions, fad } from './fad.ts';
import { workplace } from './test/bin.ts';

const EMBEDDER = fileURLToPath(new URL('../../models/default', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-fad-'));
after(() => rmSync(folder, { recursive: true }));

/** Clips of noise and of tones; no two alike. */
function sounds(name: string, loud: number): string {
  for (const label of ['Rain', 'Tone']) {
    mkdirSync(path.join(folder, name, label), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const pcm = Float32Array.from({ length: 33_000 }, (_, t) => {
        return loud * (label === 'Rain' ? Math.sin(t * t * (i + 1.1)) : Math.sin(t * 0.02 * (i + 1)));
      });
      writeFileSync(path.join(folder, name, label, `${i}.wav`), encodeWav(pcm, 22050, 's16'));
    }
  }
  return path.join(folder, name);
}

let quiet: string;
let loud: string;
before(() => {
  quiet = sounds('quiet', 0.02);
  loud = sounds('loud', 0.5);
});

/** What it prints, read as JSON. */
async function measured(t: TestContext, ...args: string[]): Promise<EvaluationResult> {
  const { foleyd } = await workplace(t);
  const { code, stdout, stderr } = await foleyd('fad', '--json', '--embedder', EMBEDDER, ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as EvaluationResult;
}

test('a folder lies nowhere from itself, and somewhere from another', async (t) => {
  const own = await measured(t, '--candidate', quiet, '--reference', quiet);
  const other = await measured(t, '--candidate', loud, '--reference', quiet);
  assert.deepEqual(Object.keys(own.classes), ['Rain', 'Tone']);
  for (const label of ['Rain', 'Tone']) {
    assert.ok(own.classes[label]!.fad < 1e-6);
    assert.ok(other.classes[label]!.fad > 1);
    assert.equal(other.classes[label]!.reference.clips, 8);
  }
});

test('classes the reference does not know are said and left out', async (t) => {
  const found = await measured(t, '--candidate', quiet);
  assert.deepEqual(Object.keys(found.classes), ['Rain']);
});

test('what is no folder of clips, and what a server cannot be given, is refused', async () => {
  const refused = (options: FadOptions, code: string) => {
    return assert.rejects(fad(options), (error) => error instanceof CliError && error.code === code);
  };
  await refused({ candidate: path.join(folder, 'nowhere') }, 'io_error');
  await refused({ candidate: path.join(quiet, 'Rain') }, 'io_error');
  await refused({ candidate: quiet, reference: path.join(folder, 'nowhere') }, 'unknown_reference');
  await refused({ reference: quiet }, 'usage');
  await refused({ chart: 'nowhere.svg' }, 'usage');
  writeFileSync(path.join(loud, 'Rain', 'text.wav'), 'no sound');
  await refused({ candidate: loud, reference: quiet }, 'io_error');
});

test('the history says which voice is active and is drawn on demand', async (t) => {
  const { foleyd, dir } = await workplace(t);
  const fixture = fileURLToPath(new URL('../../models/fixtures/tiny/card.json', import.meta.url));
  const { hash } = JSON.parse(readFileSync(fixture, 'utf8')) as { hash: string };
  const average = { fad: 50, infinity: null, kad: null, named: 1 };
  const line = { when: '2026-01-01T00:00:00.000Z', voice: 'tiny', embedder: 'e', reference: 'r', clips: 8, seed: 0 };
  const lines = [
    { ...line, hash: 'of graphs that were there before' },
    { ...line, hash },
  ];
  mkdirSync(path.join(dir, 'data'));
  const kept = lines.map((one) => `${JSON.stringify({ ...one, classes: {}, average })}\n`).join('');
  writeFileSync(path.join(dir, 'data', 'scores.jsonl'), kept);
  const shown = await foleyd('fad', '--history', '--chart', 'history.svg');
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^A: .*\n.*\n {3}2026.* of grap .*\n\* {2}2026.* 50\.0 /);
  assert.match(readFileSync(path.join(dir, 'history.svg'), 'utf8'), /^<svg .*<polyline /s);
  const json = await foleyd('fad', '--history', '--json');
  assert.deepEqual(
    (JSON.parse(json.stdout) as { active: boolean }[]).map(({ active }) => active),
    [false, true],
  );
  writeFileSync(path.join(dir, 'nowhere'), '');
  const nowhere = await foleyd('fad', '--history', '--chart', path.join('nowhere', 'history.svg'));
  assert.match(nowhere.stderr, /io_error/);
});
