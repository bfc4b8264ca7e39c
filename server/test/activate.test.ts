/** Switching voices while clients work. */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { type ConfigInput, resolveConfig } from '../config.ts';
import { failed } from './support/failed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-activate-'));
const [data, models] = [path.join(folder, 'data'), path.join(folder, 'models')];
const fixtures = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
const open = (more: ConfigInput = {}) => {
  return createApp(resolveConfig({ data, models, listen: false, logLevel: 'silent', output: 'none', ...more }, {}));
};
let app: App;
before(async () => {
  for (const [id, fixture] of [
    ['default', 'tiny'],
    ['mine', 'tiny-time'],
    ['broken', 'tiny'],
  ] as const)
    cpSync(path.join(fixtures, fixture), path.join(models, id), { recursive: true });
  app = await open();
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const admin = (cmd: string, args: Record<string, unknown> = {}) => {
  return app.connect('admin').call(cmd, args) as Promise<EventData<'admin.activate', 'done'>>;
};
const active = async (): Promise<string> => {
  const { voices } = (await app.connect().call('voice.list')) as EventData<'voice.list', 'done'>;
  return voices.find((voice) => voice.active)!.id;
};

test('forty changes under eight busy clients: no request fails, none is of two voices', async () => {
  const rows = { default: 8, mine: 6 } as const;
  let [running, clips] = [true, 0];
  const made = new Set<string>();
  const clients = Array.from({ length: 8 }, async () => {
    const client = app.connect();
    while (running) {
      let voice: keyof typeof rows = 'default';
      let seen = 0;
      await client.call('foley.generate', { class: 0 }, ({ event, data: given }) => {
        if (event === 'accepted') voice = given.voice as keyof typeof rows;
        if (event !== 'row') return;
        assert.equal(given.rows, rows[voice]);
        seen += 1;
      });
      assert.equal(seen, rows[voice]);
      made.add(voice);
      clips += 1;
    }
  });
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(await admin('admin.activate', { voice: 'mine', force: true }), {
      voice: 'mine',
      previous: 'default',
      warning: null,
    });
    assert.deepEqual(await admin('admin.rollback'), { voice: 'default', previous: 'mine', warning: null });
  }
  running = false;
  await Promise.all(clients);
  assert.ok(clips > 40 && made.size === 2, `${clips} clips of ${[...made]}`);
});

test('a voice that was activated stays so over a restart; another one that is asked for goes first', async () => {
  await admin('admin.activate', { voice: 'mine' });
  await app.close();
  app = await open();
  assert.equal(await active(), 'mine');
  await app.close();
  app = await open({ voice: 'broken' });
  assert.equal(await active(), 'broken');
  await app.close();
  app = await open();
  await admin('admin.rollback');
  assert.equal(await active(), 'default');
  await assert.rejects(admin('admin.rollback'), failed('unknown_voice'));
});

test('a voice that cannot be used is not activated, and play clients may not', async () => {
  truncateSync(path.join(models, 'broken', 'row.onnx'), 100);
  await assert.rejects(admin('admin.activate', { voice: 'broken' }), failed('voice_corrupt'));
  await assert.rejects(admin('admin.activate', { voice: 'nobody' }), failed('unknown_voice'));
  await assert.rejects(app.connect('play').call('admin.activate', { voice: 'mine' }), failed('forbidden'));
  await assert.rejects(app.connect('play').call('admin.rollback'), failed('forbidden'));
  assert.equal(await active(), 'default');
  const read = (): Record<string, unknown>[] =>
    readFileSync(path.join(data, 'admin.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  // The log is written beside the answers.
  let logged = read();
  const isWhole = (): boolean => logged.at(-1)!.event === 'refused' && logged.at(-1)!.cmd === 'admin.rollback';
  for (const late = Date.now() + 10_000; !isWhole() && Date.now() < late; logged = read()) await sleep(10);
  assert.deepEqual(
    logged.slice(-6).map(({ event, cmd, args, code }) => [event, cmd, args ?? code]),
    [
      ['begun', 'admin.activate', '{"voice":"broken","force":false}'],
      ['ended', 'admin.activate', 'voice_corrupt'],
      ['begun', 'admin.activate', '{"voice":"nobody","force":false}'],
      ['ended', 'admin.activate', 'unknown_voice'],
      ['refused', 'admin.activate', 'forbidden'],
      ['refused', 'admin.rollback', 'forbidden'],
    ],
  );
});

test('a rollback passes over voices that are gone', async () => {
  cpSync(path.join(fixtures, 'tiny-freq'), path.join(models, 'gone'), { recursive: true });
  await admin('admin.activate', { voice: 'gone', force: true });
  await admin('admin.activate', { voice: 'mine', force: true });
  rmSync(path.join(models, 'gone'), { recursive: true });
  assert.equal((await admin('admin.rollback')).voice, 'default');
  await assert.rejects(admin('admin.rollback'), failed('unknown_voice'));
});

test('a gate compares what was measured alike, and warns or refuses', async () => {
  const { voices } = (await app.connect().call('voice.list')) as EventData<'voice.list', 'done'>;
  const score = (id: string, fad: number, more = {}): void => {
    const { hash } = voices.find((voice) => voice.id === id)!;
    const average = { fad, infinity: null, kad: null, named: 1 };
    const line = {
      when: '',
      voice: id,
      hash,
      embedder: 'e',
      reference: 'r',
      clips: 8,
      seed: 0,
      classes: {},
      average,
      ...more,
    };
    appendFileSync(path.join(data, 'scores.jsonl'), `${JSON.stringify(line)}\n`);
  };
  const again = async (gate: 'warn' | 'refuse'): Promise<void> => {
    await app.close();
    app = await open({ gate });
  };
  assert.match((await admin('admin.activate', { voice: 'mine' })).warning!, /nothing was compared/);
  await admin('admin.rollback');
  score('default', 50);
  await again('refuse');
  await assert.rejects(admin('admin.activate', { voice: 'mine' }), failed('gate_refused'));
  score('mine', 80);
  await again('refuse');
  await assert.rejects(
    admin('admin.activate', { voice: 'mine' }),
    /FAD 80\.0, the active one 50\.0: more than 10 % worse/,
  );
  await again('warn');
  assert.match((await admin('admin.activate', { voice: 'mine' })).warning!, /80\.0/);
  await admin('admin.rollback');
  score('mine', 54);
  await again('refuse');
  assert.equal((await admin('admin.activate', { voice: 'mine' })).warning, null);
  await admin('admin.rollback');
  for (const other of [{ clips: 9 }, { classes: { Rain: {} } }, { temperature: 0.5 }]) {
    score('mine', 40, other);
    await again('refuse');
    await assert.rejects(admin('admin.activate', { voice: 'mine' }), /measured differently/);
  }
  assert.equal((await admin('admin.activate', { voice: 'mine', force: true })).voice, 'mine');
});
