/** Markers become files whose onsets lie on them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Answer, checkEvent, ProtocolError } from '../../protocol/index.ts';
import { readBext } from '../audio/bext.ts';
import { onsetOf } from '../audio/onset-and-loop.ts';
import { statedSourceTypes } from '../audio/provenance.ts';
import { findChunk } from '../audio/riff.ts';
import { decodeWav } from '../audio/wav.ts';
import { readCsv } from './support/csv.ts';
import { newServer, type TestServer } from './support/server.ts';

type Call = (args: Record<string, unknown>, on?: (answer: Answer) => void) => Promise<Record<string, unknown>>;

async function setup(t: TestContext): Promise<{ server: TestServer; spot: Call }> {
  const server = await newServer(t, { config: { oscPort: null } });
  const client = server.app.connect('admin');
  return { server, spot: (args, on) => client.call('foley.spot', args as never, on) };
}

type File = { path: string; clip: string; placed: { at: number; start: number; onset: number; offset: number } };
const RATE = 48_000;

test('every cue gets its takes, named by its number, and each onset lies on the cue', async (t) => {
  const { spot } = await setup(t);
  const told: Answer[] = [];
  const sheet = '#,Name,Start,End,Length\nM1,DogBark,0:01.500,,\nR1,heavy rain,1:00:02.000,1:00:02.050,0:00.050\n';
  const asked = { sheet, alternates: 2, seed: 5, creator: 'JD', stem: 'mix', lead: 0.005 };
  const done = await spot(asked, (answer) => told.push(answer)).catch((error: unknown) => error);
  // The cues are an hour apart: a mix of them would be as long.
  assert.ok(done instanceof ProtocolError && /^args\.stem: the mix would last/.test(done.message), String(done));
  const near = sheet.replaceAll('1:00:', '0:');
  const result = await spot({ ...asked, sheet: near }, (answer) => told.push(answer));
  for (const { event, data } of told) assert.equal(checkEvent('foley.spot', event, data), null, event);
  assert.deepEqual([result.files, result.skipped], [4, 0]);
  const { data: accepted } = told.find(({ event }) => event === 'accepted')!;
  assert.deepEqual([accepted.cues, accepted.overlaps, accepted.left], [2, 0, undefined]);
  assert.deepEqual(accepted.understood, [{ name: 'heavy rain', class: 'Rain' }]);
  const files = told.filter(({ event }) => event === 'file').map(({ data }) => data as unknown as File);
  const names = files.map((file) => path.basename(file.path)).sort();
  assert.deepEqual(names, [
    'ANMLDog_DogBark_JD_NONE_c001 take 1.wav',
    'ANMLDog_DogBark_JD_NONE_c001 take 2.wav',
    'RAIN_heavy rain_JD_NONE_c002 take 1.wav',
    'RAIN_heavy rain_JD_NONE_c002 take 2.wav',
  ]);
  for (const { path: file, placed } of files) {
    const bytes = readFileSync(file);
    const { timeReference } = readBext(findChunk(bytes, 'bext')!)!;
    const { pcm } = decodeWav(bytes);
    const onset = timeReference + onsetOf(pcm, RATE)!;
    // One stretch of the measure; a mel frame is more than twice that.
    assert.ok(Math.abs(onset - placed.at * RATE) <= 0.005 * RATE, `${onset / RATE} for ${placed.at}`);
    assert.ok(Math.abs(placed.offset) <= 0.005 && placed.start === timeReference / RATE);
    if (placed.at > 1.5) assert.ok(pcm.length <= (0.05 + 0.005) * RATE, `${pcm.length}`);
  }
  const rows = readCsv(String(result.sheet));
  assert.deepEqual(
    rows.map(({ at, seed }) => [Number(at), seed]),
    [
      [1.5, '5'],
      [1.5, '6'],
      [2, '7'],
      [2, '8'],
    ],
  );
});

test('a mix holds the first take of each cue at its time and states its own', async (t) => {
  const { spot } = await setup(t);
  const told: Answer[] = [];
  const cues = [
    { at: 10, class: 'DogBark' },
    { at: 10.5, class: 'Rain', length: 0.05 },
  ];
  await spot({ cues, alternates: 2, stem: 'scene 12', bits: 32, timeReference: 96_000 }, (answer) => told.push(answer));
  const { data: stem } = told.find(({ event }) => event === 'stem')!;
  assert.equal(checkEvent('foley.spot', 'stem', stem), null);
  const bytes = readFileSync(String(stem.path));
  const mix = decodeWav(bytes).pcm;
  const { timeReference } = readBext(findChunk(bytes, 'bext')!)!;
  assert.equal(timeReference, Math.round(Number(stem.start) * RATE) + 96_000);
  assert.equal(stem.clips, 2);
  assert.equal([...statedSourceTypes(bytes).values()][0], 'trainedAlgorithmicMedia');
  const sum = new Float32Array(mix.length);
  for (const { data } of told.filter(({ event, data }) => event === 'file' && Number(data.index) % 2 === 0)) {
    const file = data as unknown as File;
    const { pcm } = decodeWav(readFileSync(file.path));
    const first = Math.round((file.placed.start - Number(stem.start)) * RATE);
    for (const [i, value] of pcm.entries()) sum[first + i]! += value;
  }
  const factor = 10 ** (Number(stem.gain) / 20);
  assert.ok(mix.every((value, i) => Math.abs(value - sum[i]! * factor) < 1e-6));
});

test('faults are told before anything is made, with line and column', async (t) => {
  const { spot, server } = await setup(t);
  const many = (count: number): string =>
    `Start,Name\n${Array.from({ length: count }, (_, i) => `${i},Rain`).join('\n')}`;
  for (const [args, code, said] of [
    [{ sheet: 'Start,Name\n1,Rain\n2,DogBrak\n' }, 'unknown_class', /^line 3, column Name: .*did you mean DogBark/],
    [{ sheet: 'Start,Name\n-1,Rain\n' }, 'bad_args', /^args\.sheet: line 2, column Start: expected a time from 0/],
    [{ sheet: 'Start,Name\nNaN,Rain\n' }, 'bad_args', /line 2, column Start/],
    [{ sheet: 'Start,Name,Alternates\n1,Rain,0\n' }, 'bad_args', /line 2, column Alternates: /],
    [{ sheet: 'Start,Name,Length\n1,Rain,90\n' }, 'bad_args', /line 2, column Length: .*60/],
    [{ sheet: 'Start,Name\n1,Rain\n2,Dog\n1,Rain\n' }, 'bad_args', /line 4, column Start: .*twice, also in line 2/],
    [{ sheet: 'Start,Name\n00:01:00;00,Rain\n' }, 'bad_args', /does not exist in drop-frame/],
    [{ sheet: many(100_000) }, 'bad_args', /at most 1048576 characters/],
    [{ sheet: many(10_000) }, 'bad_args', /10000 markers; expected at most 1000/],
    [{ sheet: many(600), alternates: 2 }, 'bad_args', /1200 files/],
    [{ sheet: 'Start,Name\n1,Verse\n', unknown: 'skip' }, 'bad_args', /no marker names a class/],
    [{ cues: [{ at: 1, class: 'Rain' }], format: 'flac', bits: 32 }, 'bad_args', /FLAC/],
    [{ cues: [{ at: 1, class: 'Verse' }] }, 'unknown_class', /^cue 1: /],
    [{ cues: [{ at: Number.NaN, class: 'Rain' }] }, 'bad_args', /at/],
    [{}, 'bad_args', /expected either sheet or cues/],
  ] as const)
    await assert.rejects(
      spot(args),
      (error: unknown) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, said);
        return true;
      },
      JSON.stringify(args).slice(0, 100),
    );
  assert.deepEqual(server.engine.begun, []);
  assert.equal(existsSync(path.join(server.data, 'exports')), false);
});

test('markers that name no class can be left out, and overlaps are counted', async (t) => {
  const { spot } = await setup(t);
  const sheet = 'Start,Length,Name\n1,2,Rain\n2,2,Rain\n3,,Verse 1\n3,,DogBark\n';
  const told: Answer[] = [];
  const done = await spot({ sheet, unknown: 'skip' }, (answer) => told.push(answer));
  const { data } = told.find(({ event }) => event === 'accepted')!;
  assert.deepEqual([data.cues, data.overlaps, data.left], [3, 1, [{ line: 4, name: 'Verse 1' }]]);
  assert.equal(done.files, 3);
});
