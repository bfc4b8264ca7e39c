import assert from 'node:assert/strict';
import path from 'node:path';
import { checkEvent } from '../../../protocol/index.ts';
import type { TestClient } from '../support/client.ts';
import { codeOf } from '../support/client.ts';
import { writeVoice } from '../support/voice.ts';
import { contract } from './suite.ts';

type Told = { clip: string; seed?: number; name?: string; starred?: boolean };

/** Saves clips and gives back their ids: every transport tells them. */
async function saved(client: TestClient, args: Record<string, unknown> = {}): Promise<string[]> {
  const { event, data } = await client.ask('foley.generate', { class: 'Rain', seed: 1, save: true, ...args }).end;
  assert.equal(event, 'done', JSON.stringify(data));
  const ids = ((data.clips as Told[] | undefined) ?? [data as Told]).map(({ clip }) => clip);
  for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/);
  return ids;
}

contract('variations begin with what is kept, each with a seed of its own', [], async ({ client, server }) => {
  const [clip] = await saved(client);
  const { codes } = await server.app
    .connect()
    .call('clip.get', { clip })
    .then((data) => data.clip as { codes: number[] });
  const { event, data } = await client.ask('foley.vary', { clip, codebooks: 1, seed: 7, count: 3, save: true }).end;
  assert.equal(event, 'done', JSON.stringify(data));
  const made = server.engine.requests.slice(1);
  assert.deepEqual(
    made.map(({ seed }) => seed),
    [7, 8, 9],
  );
  for (const { start } of made) {
    assert.deepEqual([...start!.codes], codes);
    assert.deepEqual([...start!.given], [...Array(24).fill(1), ...Array(24).fill(0)]);
  }
  assert.equal((data.clips as Told[]).length, 3);
});

contract('with nothing made anew a clip is only rendered, by its own seed', [], async ({ client, server }) => {
  const [clip] = await saved(client, { seed: 5 });
  assert.equal((await client.ask('foley.vary', { clip, amount: 0, seed: 99, save: true }).end).event, 'done');
  const [made, again] = server.engine.requests;
  assert.deepEqual([again!.seed, again!.start, again!.codes?.length], [made!.seed, undefined, 48]);
});

contract('futures of a finished clip, and of one that runs, begin with its rows', ['progress'], async (setup) => {
  const { client, server, another } = setup;
  const [clip] = await saved(client);
  const futures = client.ask('foley.branch', { clip, row: 3, count: 2, seed: 20, save: true });
  assert.equal((await futures.end).event, 'done');
  for (const { start } of server.engine.requests.slice(1)) assert.equal(start!.given.indexOf(0), 18);

  const running = client.ask('foley.generate', { class: 'Rain', seed: 50, count: 2 });
  const { data } = await running.first('accepted');
  await running.first('row');
  const branched = (await another()).ask('foley.branch', { job: data.job, row: 1, count: 1, seed: 60 });
  assert.equal((await branched.end).event, 'done');
  assert.equal((await running.end).event, 'done');
  assert.equal(server.engine.requests.find(({ seed }) => seed === 60)!.start!.given.indexOf(0), 6);
  assert.equal(codeOf(await client.ask('foley.branch', { job: data.job }).end), 'unknown_job');
});

contract('a recording comes as bytes or as base64, codes as a list', ['cards'], async ({ client, server }) => {
  // Neither is read as sound by this voice: it is refused for what it holds, not for how it came.
  const wav = Buffer.from('RIFF\x24\0\0\0WAVEfmt nothing more');
  for (const recording of [wav.toString('base64'), new Uint8Array(wav)]) {
    const { data } = await client.ask('foley.vary', { recording, class: 'Rain' }).end;
    assert.match(String(data.message), /^args\.recording: the format chunk is shorter than 16 bytes/);
  }
  const codes = Array.from({ length: 48 }, (_, cell) => cell);
  assert.equal((await client.ask('foley.vary', { codes, class: 'Rain', codebooks: 1 }).end).event, 'done');
  assert.deepEqual([...server.engine.requests[0]!.start!.codes], codes);
});

contract('what a clip or a recording cannot give is told by its code', [], async ({ client, server }) => {
  await writeVoice(server.models, 'second', {}, 'other graphs');
  const [clip] = await saved(client);
  const wrong: [string, Record<string, unknown>, string][] = [
    ['foley.vary', { clip: '0123456789abcdef' }, 'unknown_clip'],
    ['foley.vary', { clip: '../../etc/passwd' }, 'unknown_clip'],
    ['foley.vary', { clip, voice: 'second' }, 'wrong_voice'],
    ['foley.vary', { clip, voice: 'nobody' }, 'unknown_voice'],
    ['foley.vary', { clip, class: 'Unicorn' }, 'unknown_class'],
    ['foley.vary', { clip, keepRows: 9 }, 'bad_args'],
    ['foley.vary', { clip, codebooks: 3 }, 'bad_args'],
    ['foley.vary', { clip, amount: 1.5 }, 'bad_args'],
    ['foley.vary', { clip, amount: 0.5, codebooks: 1 }, 'bad_args'],
    ['foley.vary', {}, 'bad_args'],
    ['foley.vary', { recording: 'bm8gc291bmQ=', class: 'Rain' }, 'bad_args'],
    ['foley.vary', { recording: 'UklGRg==', class: 'Rain' }, 'bad_args'],
    ['foley.vary', { recording: 'UklGRg==' }, 'bad_args'],
    ['foley.branch', { clip, row: 9 }, 'bad_args'],
    ['foley.branch', { clip: '0123456789abcdef' }, 'unknown_clip'],
    ['foley.branch', { job: 'nothing' }, 'unknown_job'],
    ['clip.rename', { clip: '0123456789abcdef', name: 'x' }, 'unknown_clip'],
    ['clip.export', { clip, name: '../x' }, 'bad_args'],
  ];
  for (const [cmd, args, code] of wrong)
    assert.equal(codeOf(await client.ask(cmd, args).end), code, `${cmd} ${JSON.stringify(args)}`);
  assert.equal(server.engine.begun.length, 1);
});

contract('where no sound fits an answer, every way of making a clip saves it', ['codes'], async ({ client }) => {
  const [clip] = await saved(client);
  for (const [cmd, args] of [
    ['foley.generate', { class: 'Rain' }],
    ['foley.vary', { clip }],
    ['foley.branch', { clip, count: 1 }],
  ] as const) {
    const asked = client.ask(cmd, args);
    const [made] = (await asked.end).data.clips as { url?: string }[];
    const heard = asked.answers.some(({ event }) => event === 'audio');
    assert.equal(made!.url === undefined, heard, cmd);
  }
});

contract('clips are listed, starred, exported and deleted', [], async ({ client, server }) => {
  const list = async (args: Record<string, unknown> = {}): Promise<{ clips: Told[]; total: number; next: string }> =>
    (await client.ask('clip.list', args).end).data as { clips: Told[]; total: number; next: string };
  assert.deepEqual((await list()).clips, []);
  const ids = (await saved(client, { count: 3 })).reverse();
  const first = await list({ limit: 2 });
  assert.deepEqual([first.clips.map(({ clip }) => clip), first.total], [ids.slice(0, 2), 3]);
  const rest = await list({ limit: 2, after: first.next });
  assert.deepEqual([rest.clips.map(({ clip }) => clip), rest.next], [[ids[2]], null]);

  const starred = (await client.ask('clip.star', { clip: ids[1] }).end).data.clip as Told;
  assert.deepEqual([starred.clip, starred.starred], [ids[1], true]);
  assert.equal(codeOf(await client.ask('clip.delete', { clip: ids[1] }).end), 'bad_args');
  const exported = await client.ask('clip.export', { clip: ids[0], reverse: true }).end;
  assert.equal(path.dirname(String(exported.data.path)), path.join(server.data, 'exports'));
  assert.equal((await client.ask('clip.delete', { clip: ids[0] }).end).data.deleted, ids[0]);
  const restored = await client.ask('clip.restore', { clip: ids[0] }).end;
  assert.equal((restored.data.clip as Told).clip, ids[0]);
  assert.equal((await client.ask('clip.delete', { clip: ids[0] }).end).event, 'done');
  assert.equal((await list()).total, 2);
});

contract('what is told of a clip is what the protocol declares', ['cards', 'codes'], async ({ client }) => {
  const [clip] = await saved(client);
  await client.ask('clip.rename', { clip, name: 'big door' }).end;
  for (const [cmd, args] of [
    ['clip.get', { clip }],
    ['clip.list', {}],
    ['foley.vary', { clip, amount: 0.7 }],
    ['foley.branch', { clip, count: 1 }],
  ] as const) {
    const asked = client.ask(cmd, args);
    await asked.end;
    for (const { event, data } of asked.answers) assert.equal(checkEvent(cmd, event, data), null);
    assert.equal(asked.answers.at(-1)?.event, 'done');
  }
});
