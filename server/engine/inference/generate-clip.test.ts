import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { EngineEvent } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { request, voiceDir } from '../fixtures.ts';
import { generateClip } from './generate-clip.ts';
import { Voice } from './voice.ts';

const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
after(() => voice.close());

/** What was told of a clip until it was cancelled with `last`. */
async function until(last: (event: EngineEvent) => boolean): Promise<string[]> {
  const told: string[] = [];
  let cancelled = false;
  const on = (event: EngineEvent): void => {
    told.push(event.type === 'row' ? `row ${event.row}` : event.type);
    cancelled ||= last(event);
  };
  await assert.rejects(
    generateClip(voice, request('tiny', { previews: true }), on, () => cancelled),
    (error) => error instanceof EngineError && error.code === 'cancelled',
  );
  return told;
}

test('a cancelled clip makes no further row', async () => {
  assert.deepEqual(await until((event) => event.type === 'row' && event.row === 2), [
    'started',
    'row 0',
    'row 1',
    'row 2',
  ]);
});

test('a clip cancelled before its first row makes none', async () => {
  assert.deepEqual(await until((event) => event.type === 'started'), ['started']);
});

test('a cancelled clip makes no preview any more', async () => {
  const told = await until((event) => event.type === 'row' && event.row === 3);
  assert.equal(told.at(-1), 'row 3');
});

test('a clip cancelled in its last row is cancelled, not delivered', async () => {
  const told = await until((event) => event.type === 'row' && event.row === 7);
  assert.equal(told.at(-1), 'row 7');
});

test('previews of a clip that goes along time are its beginning, longer each time', async () => {
  const along = await Voice.open(voiceDir('tiny-time'), { provider: 'cpu', threads: 1 });
  after(() => along.close());
  const previews: Extract<EngineEvent, { type: 'preview' }>[] = [];
  const { pcm } = await generateClip(
    along,
    request('tiny-time', { previews: true }),
    (event) => event.type === 'preview' && previews.push(event),
    () => false,
  );
  const whole = pcm.length / 22_050;
  assert.deepEqual(
    previews.map(({ codebooks, seconds }) => [codebooks, Math.round((6 * seconds!) / whole)]),
    [
      [2, 2],
      [2, 3],
      [2, 5],
    ],
  );
  for (const preview of previews) {
    assert.equal(preview.pcm.length / 22_050, preview.seconds);
    assert.ok(preview.pcm.some((sample) => Math.abs(sample) > 0.01));
  }
});

test('messages from outside are heard between rows', async () => {
  // What a cancel is: a macrotask of this process, which must get its turn while a clip is made.
  let turns = 0;
  let going = true;
  const turn = (): void => {
    turns++;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  const rows: number[] = [];
  await generateClip(
    voice,
    request('tiny'),
    (event) => event.type === 'row' && rows.push(turns),
    () => false,
  );
  going = false;
  for (const [row, seen] of rows.entries()) assert.ok(row === 0 || seen > rows[row - 1]!, `no turn before row ${row}`);
});
