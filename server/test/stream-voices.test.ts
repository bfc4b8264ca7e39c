/** Voices that are deleted, restored, replaced and activated while streams and clips of them are asked for and play. */
import assert from 'node:assert/strict';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Answer, isTerminal } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { seededNoise } from '../audio/quantise.ts';
import { resolveConfig } from '../config.ts';
import { fuzzing } from './fuzz/arbitraries.ts';
import { memoryLog, temporary } from './support/server.ts';

const fixture = fileURLToPath(new URL('../../models/fixtures/tiny-stacked', import.meta.url));
/** What may be told of a voice that is gone, or goes. */
const REASONS = ['unknown_voice', 'voice_missing', 'voice_corrupt', 'too_many_streams', 'queue_full'];
const ROUNDS = 60;

test('each stream and clip ends once, and says why where its voice went; what plays, plays on', async (t) => {
  const { seed } = fuzzing(t);
  const random = seededNoise(seed);
  const root = await temporary(t);
  const [data, models] = [path.join(root, 'data'), path.join(root, 'models')];
  const voices = path.join(data, 'voices');
  await mkdir(voices, { recursive: true });
  await cp(fixture, path.join(models, 'base'), { recursive: true });
  for (const id of ['a', 'b']) await cp(fixture, path.join(voices, id), { recursive: true });
  const place = { data, models, voice: 'base', port: 0, oscPort: 'off', output: 'none' } as const;
  const { log, lines } = memoryLog();
  const app = await createApp(resolveConfig({ ...place, limits: { drainMs: 0, streams: 16 } }, {}), { log });
  t.after(() => app.close());
  const client = app.connect('admin');
  const answers = new Map<string, Answer[]>();
  client.onAnswer((answer) => answers.set(answer.id!, [...(answers.get(answer.id!) ?? []), answer]));
  let count = 0;
  const ask = (cmd: string, args: object): string => {
    const id = `r${++count}`;
    answers.set(id, []);
    client.send({ id, cmd, args });
    return id;
  };
  const endOf = (id: string): Answer | undefined => answers.get(id)!.find(({ event }) => isTerminal(event));
  const settled = async (id: string): Promise<Answer> => {
    for (let waited = 0; ; waited += 10) {
      const end = endOf(id);
      if (end !== undefined) return end;
      assert.ok(waited < 60_000, `request ${id} has no end: ${JSON.stringify(answers.get(id)?.at(-1))}`);
      await wait(10);
    }
  };
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const replace = async (id: string): Promise<void> => {
    const [there, next] = [path.join(voices, id), path.join(root, `${id}-${++count}`)];
    await cp(fixture, next, { recursive: true });
    await rename(there, `${next}-old`).catch(() => undefined);
    await rename(next, there).catch(() => rm(next, { recursive: true }));
  };
  const streams = [ask('stream.start', { class: 'Hiss', voice: 'base', live: false, seconds: 0.3 })];
  const others: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const voice = pick(['a', 'b']);
    const deed = pick([
      'stream',
      'stream',
      'stream',
      'stop',
      'clip',
      'delete',
      'restore',
      'replace',
      'activate',
    ] as const);
    if (deed === 'stream')
      streams.push(ask('stream.start', { class: 'Hiss', voice, live: false, seconds: 0.3, as: `s${count}` }));
    else if (deed === 'clip') others.push(ask('foley.generate', { class: 'Hiss', voice, save: false }));
    else if (deed === 'stop') others.push(ask('stream.stop', { stream: `s${Math.floor(random() * count)}` }));
    else if (deed === 'delete') others.push(ask('voice.delete', { voice, force: true }));
    else if (deed === 'restore') others.push(ask('voice.restore', { voice }));
    else if (deed === 'activate') others.push(ask('admin.activate', { voice: pick(['base', voice]), force: true }));
    else await replace(voice);
    if (random() < 0.7) await wait(random() * 120);
  }
  let played = 0;
  const ends: Record<string, number> = {};
  for (const id of streams) {
    const end = await settled(id);
    const told = answers.get(id)!;
    assert.equal(told.filter(({ event }) => isTerminal(event)).length, 1, id);
    const how = end.event === 'done' ? 'done' : String(end.data.code);
    ends[how] = (ends[how] ?? 0) + 1;
    if (end.event === 'done') played += 1;
    else assert.ok(REASONS.includes(String(end.data.code)), `seed ${seed}: ${JSON.stringify(end.data)}`);
    // What was heard of it is heard to its end, with the voice that it began with.
    if (told.some(({ event }) => event === 'audio')) assert.equal(end.event, 'done', JSON.stringify(end.data));
  }
  for (const id of others) {
    const end = await settled(id);
    assert.notEqual(end.data.code, 'internal', `seed ${seed}: ${JSON.stringify(end.data)}`);
    assert.equal(answers.get(id)!.filter(({ event }) => isTerminal(event)).length, 1, id);
  }
  t.diagnostic(JSON.stringify(ends));
  assert.ok(played > 0, `seed ${seed}: none of ${streams.length} streams was played`);
  assert.deepEqual(
    lines().filter(({ level }) => Number(level) >= 50),
    [],
  );
});
