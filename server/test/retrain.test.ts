/** The whole way with the real trainer, tiny: recordings, data set, training, voice; whoever is killed on it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Answer, EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { type ConfigInput, resolveConfig } from '../config.ts';
import { seededUniform } from '../evaluation/measure.ts';
import { TrainerFinder } from '../training/python.ts';
import { program } from '../util/program.ts';
import { failed } from './support/failed.ts';
import { writeSounds } from './support/sounds.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const finder = new TrainerFinder({ folder: path.join(root, 'models/trainer'), python: process.env.FOLEYD_PYTHON });
const missing = await finder.find().then(
  () => false as const,
  (error: Error) => `training is not tried: ${error.message}`,
);
const options = { skip: process.platform === 'linux' ? missing : 'it looks for processes in /proc' };
const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-retrain-'));
const [data, models, sounds] = ['data', 'models', 'sounds'].map((name) => path.join(folder, name)) as [
  string,
  string,
  string,
];
const settings: ConfigInput = {
  data,
  models,
  listen: false,
  logLevel: 'silent',
  output: 'none',
  voice: 'tiny',
  trainingThreads: 1,
  datasetFolders: [sounds],
  limits: { trainingFreeDisk: 1 },
};
const open = () => createApp(resolveConfig(settings));
let app: App;
before(async () => {
  cpSync(path.join(root, 'models/fixtures/tiny'), path.join(models, 'tiny'), { recursive: true });
  writeSounds(sounds, { Beep: 300, Buzz: 900 }, 6);
  app = await open();
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** Each kill costs a start of server and trainer; FOLEYD_KILLS asks for more. */
const KILLS = Number(process.env.FOLEYD_KILLS ?? 2);
const order = { datasets: ['first'], scratch: true, preset: 'tiny', steps: 12 };
const call = (cmd: string, args: object, on: (answer: Answer) => void = () => undefined) => {
  return app.connect('admin').call(cmd, args as Record<string, unknown>, on);
};
const train = (args: object, on: (answer: Answer) => void = () => undefined) => {
  return call('admin.retrain', { ...order, ...args }, on) as Promise<EventData<'admin.retrain', 'done'>>;
};
const jobFile = (job: string) => path.join(data, 'training', job, 'job.jsonl');

test('a folder becomes a data set, and a data set a voice that makes clips', options, async () => {
  const progress: unknown[] = [];
  const set = (await call(
    'dataset.add',
    { dataset: 'first', folder: sounds, licence: 'CC0-1.0', notes: 'beeps' },
    (answer) => progress.push(answer.event),
  )) as EventData<'dataset.add', 'done'>;
  assert.deepEqual(
    set.classes.map((one) => [one.class, one.originals]),
    [
      ['Beep', 6],
      ['Buzz', 6],
    ],
  );
  assert.deepEqual([set.licence, set.notes, set.source], ['CC0-1.0', 'beeps', 'folder sounds']);
  assert.equal(progress.filter((event) => event === 'progress').length, 12);

  const seen: Answer[] = [];
  const done = await train({ voice: 'one' }, (answer) => seen.push(answer));
  const stages = seen.filter(({ event }) => event === 'stage').map(({ data: at }) => at.stage);
  assert.deepEqual(stages, ['codec', 'vocoder', 'prior', 'export']);
  const steps = seen.filter(({ event }) => event === 'step').map(({ data: at }) => at);
  assert.ok(steps.length > 0 && steps.every(({ share }) => (share as number) > 0 && (share as number) <= 1));
  const auditions = seen.filter(({ event }) => event === 'audition').map(({ data: at }) => at);
  assert.deepEqual(new Set(auditions.map((at) => at.class)), new Set(['Beep', 'Buzz']));
  for (const { wav, picture } of auditions) {
    assert.equal(Buffer.from(wav as Uint8Array).toString('latin1', 0, 4), 'RIFF');
    assert.equal(Buffer.from(picture as Uint8Array).toString('latin1', 1, 4), 'PNG');
  }
  const { voices } = (await call('voice.list', {})) as EventData<'voice.list', 'done'>;
  const voice = voices.find(({ id }) => id === 'one');
  assert.equal(voice?.hash, done.hash);
  assert.deepEqual(
    voice?.classes.map(({ name }) => name),
    ['Beep', 'Buzz'],
  );
  const made = (await call('foley.generate', { voice: 'one', class: 'Buzz' })) as EventData<'foley.generate', 'done'>;
  assert.equal(made.seconds, 4);
  // Nothing is left of the training but its log and what it sounded like.
  assert.deepEqual(readdirSync(path.join(data, 'training', done.job, 'run')), ['auditions']);
});

test('the trainer is killed again and again: the voice is the same as without', options, async () => {
  let kills = 0;
  // In the middle of a stage, and after the last one.
  const at = new Set(['step vocoder', 'stage export']);
  const done = await train({ voice: 'two' }, ({ event, data: now }) => {
    const where = `${event} ${now.stage}`;
    if (!at.delete(where)) return;
    for (const pid of trainers()) {
      process.kill(pid, 'SIGKILL');
      kills += 1;
    }
  });
  assert.ok(kills >= 2, `${kills} kills`);
  const { voices } = (await call('voice.list', {})) as EventData<'voice.list', 'done'>;
  assert.equal(done.hash, voices.find(({ id }) => id === 'one')?.hash);
});

test('a voice is trained on from the new one, with a class more; pausing gives the process back', options, async () => {
  writeSounds(path.join(folder, 'sounds', 'more'), { Creak: 150 }, 6);
  await call('dataset.add', { dataset: 'second', folder: path.join(sounds, 'more') });
  let job = '';
  const states: unknown[] = [];
  const training = train(
    { voice: 'three', datasets: ['second'], scratch: false, base: 'one', steps: 24 },
    ({ event, data: now }) => {
      if (event === 'accepted') job = String(now.job);
      if (event === 'state') states.push(now.state);
    },
  );
  await until(() => existsSync(jobFile(job)) && readFileSync(jobFile(job), 'utf8').includes('"step"'));
  assert.deepEqual(await call('admin.pause', { job }), { job, state: 'paused', changed: true });
  assert.deepEqual(trainers(), []);
  await assert.rejects(call('dataset.remove', { dataset: 'second' }), failed('bad_args', /uses it/));
  assert.deepEqual(await call('admin.resume', { job }), { job, state: 'queued', changed: true });
  await training;
  assert.ok(states.includes('paused'));
  const { voices } = (await call('voice.list', {})) as EventData<'voice.list', 'done'>;
  assert.deepEqual(
    voices.find(({ id }) => id === 'three')?.classes.map(({ name }) => name),
    ['Beep', 'Buzz', 'Creak'],
  );
});

test('what cannot be is refused at once, and what goes wrong later says why', options, async () => {
  await assert.rejects(train({ voice: 'one' }), failed('already_exists'));
  await assert.rejects(train({ voice: 'four', datasets: ['nothing'] }), failed('unknown_dataset'));
  await assert.rejects(
    train({ voice: 'four', preset: 'nothing' }),
    failed('training_failed', /^[^\n]*no preset nothing[^\n]*$/),
  );
  await assert.rejects(
    train({ voice: 'four', classes: ['Nobody'] }),
    failed('bad_dataset', /no data set has the class Nobody/),
  );
  await assert.rejects(call('dataset.add', { dataset: 'out', folder: root }), failed('forbidden'));
  const broken = path.join(sounds, 'only', 'Beep');
  mkdirSync(broken, { recursive: true });
  writeFileSync(path.join(broken, 'broken.wav'), 'nothing');
  await assert.rejects(
    call('dataset.add', { dataset: 'third', folder: path.join(sounds, 'only') }),
    failed('bad_dataset', /broken\.wav/),
  );
  // Beside recordings that can be read it is left out.
  cpSync(path.join(broken, 'broken.wav'), path.join(sounds, 'Beep', 'broken.wav'));
  rmSync(path.join(sounds, 'only'), { recursive: true });
  const third = (await call('dataset.add', { dataset: 'third', folder: sounds })) as EventData<'dataset.add', 'done'>;
  assert.ok(third.clips > 0);
  const { jobs } = (await call('admin.jobs', {})) as EventData<'admin.jobs', 'done'>;
  assert.deepEqual(new Set(jobs.map(({ state }) => state)), new Set(['done', 'failed']));
  assert.deepEqual(readdirSync(path.join(data, 'datasets')).sort(), ['first', 'second', 'third']);
});

test(
  'the server is killed at random times: the training is resumed and ends with the same voice',
  options,
  async (t) => {
    await app.close();
    const child = program(new URL('./support/retrain-child.ts', import.meta.url));
    const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1e6));
    t.diagnostic(`KILL_SEED=${seed}`);
    const random = seededUniform(seed);
    let kills = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const args =
        kill === 0
          ? [JSON.stringify(settings), JSON.stringify({ ...order, voice: 'five' })]
          : [JSON.stringify(settings)];
      const server = spawn(process.execPath, [...child.execArgv, child.file, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // After so many events; it may end before.
      let left = 1 + Math.floor(random() * 12);
      const lines = createInterface({ input: server.stdout });
      for await (const _ of lines) {
        left -= 1;
        if (left === 0 && server.kill('SIGKILL')) kills += 1;
      }
    }
    t.diagnostic(`${kills} kills`);
    assert.ok(kills > 0);
    app = await open();
    const { jobs } = (await call('admin.jobs', {})) as EventData<'admin.jobs', 'done'>;
    const mine = jobs.filter(({ voice }) => voice === 'five');
    assert.equal(mine.length, 1);
    const done = (await call('admin.attach', { job: mine[0]!.job })) as EventData<'admin.attach', 'done'>;
    const { voices } = (await call('voice.list', {})) as EventData<'voice.list', 'done'>;
    assert.equal(done.hash, voices.find(({ id }) => id === 'one')?.hash);
    assert.equal(voices.find(({ id }) => id === 'five')?.hash, done.hash);
    await until(() => trainers().length === 0);
  },
);

/** Trainers of this test that run. */
function trainers(): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.includes('foley_trainer.cli') && line.includes(folder) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 50));
}
