import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, bin, defineCommand } from './define.ts';
import { folderName, name, newClass, seed } from './fields.ts';

const stageNames = ['codec', 'vocoder', 'prior'] as const;
const stage = z.string().describe('codec, vocoder, prior or export');
const state = z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']);
const numbers = z.record(z.string(), z.number());
const step = z.int().min(0).describe('steps of this stage so far');
const eta = z
  .number()
  .min(0)
  .nullable()
  .describe('to the end of the last stage; null where nobody can say')
  .meta({ unit: 's' });

const job = z.object({
  job: z.string().describe('job id'),
  state,
  voice: z.string().describe('id of the voice it makes'),
  base: z.string().nullable().describe('voice it is trained on; null from scratch'),
  datasets: z.array(z.string()),
  created: z.int().describe('since 1970').meta({ unit: 'ms' }),
  ended: z.int().nullable().describe('since 1970').meta({ unit: 'ms' }),
  stage: stage.nullable(),
  step,
  share: z.number().min(0).max(1).describe("of this stage's budget"),
  eta,
  code: z.string().nullable().describe('of what went wrong'),
  message: z.string().nullable().describe('why it is in this state, where there is something to say'),
  log: z.array(z.string()).describe("last lines of a failed trainer's log"),
});

const done = z.object({
  job: z.string(),
  voice: z.string().describe('id of the new voice; `admin.activate` makes it the active one'),
  hash: z.string().describe('its hash'),
  seconds: z.number().min(0).describe('from the order to the voice').meta({ unit: 's' }),
});

const events = {
  accepted: z.object({
    job: z.string().describe('job id; the training goes on whatever becomes of this connection'),
    voice: z.string(),
    base: z.string().nullable(),
    ahead: z.int().min(0).describe('trainings that come before'),
  }),
  state: z.object({ state, message: z.string().nullable() }),
  stage: z.object({ stage, number: z.int().min(0).describe('from 1'), of: z.int().min(0) }),
  progress: z.object({ part: z.string(), done: z.int().min(0), of: z.int().min(0) }),
  step: z.object({ stage, step, share: z.number().min(0).max(1), eta, losses: numbers }),
  eval: z.object({
    stage,
    step,
    scores: numbers.describe('on clips it never learned from; `score` is what it is judged by, less is better'),
  }),
  audition: z.object({
    stage,
    step,
    class: z.string(),
    path: z.string().describe('of the WAV on disk'),
    wav: bin('a clip as it sounds by now'),
    picture: bin('PNG of its mel spectrogram'),
  }),
  done,
};

const eventExamples = {
  accepted: { job: '4f2c4e5d6a7b8190', voice: 'creaks', base: 'default', ahead: 0 },
  state: { state: 'running' as const, message: null },
  stage: { stage: 'prior', number: 1, of: 1 },
  progress: { part: 'kept', done: 14, of: 56 },
  step: { stage: 'prior', step: 40, share: 0.1, eta: 1080, losses: { nll: 3.1, kept: 0.02 } },
  eval: { stage: 'prior', step: 50, scores: { nll: 3.2, kept: 0.02, score: 3.22 } },
  audition: {
    ...{
      stage: 'prior',
      step: 50,
      class: 'CreakyFloor',
      path: '/home/me/foleyd/training/4f2c4e5d6a7b8190/run/auditions/0000050-7.wav',
    },
    ...{ wav: new Uint8Array([82, 73, 70, 70]), picture: new Uint8Array([137, 80, 78, 71]) },
  },
  done: {
    job: '4f2c4e5d6a7b8190',
    voice: 'creaks',
    hash: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
    seconds: 1290.5,
  },
};

const replies = {
  accepted: [{ address: '/foley/accepted', args: ['id', 'job:s'] }],
  state: [{ address: '/foley/training/state', args: ['id', 'state:s'] }],
  stage: [{ address: '/foley/training/stage', args: ['id', 'stage:s', 'number:i', 'of:i'] }],
  progress: [{ address: '/foley/progress', args: ['id', 'part:s', 'done:i', 'of:i'] }],
  step: [{ address: '/foley/training/step', args: ['id', 'stage:s', 'step:i', 'share:f', 'eta:f'] }],
  eval: [{ address: '/foley/training/eval', args: ['id', 'stage:s', 'step:i', 'scores.score:f'] }],
  audition: [{ address: '/foley/training/audition', args: ['id', 'class:s', 'path:s'] }],
  done: [{ address: '/foley/done', args: ['id', 'voice:s', 'seconds:f'] }],
};

const list = (text: string): string[] => text.split(',');

export const adminRetrain = defineCommand({
  name: 'admin.retrain',
  role: 'admin',
  doc: 'Trains a new voice on data sets, from another voice or from scratch, behind everything that plays. Tells how it goes until it is done.',
  args: z
    .strictObject({
      voice: folderName.describe('id of the new voice'),
      datasets: z.array(folderName).min(1).max(16).describe('what it learns from'),
      name: name.optional().describe('name of the voice for people').meta({ fallback: 'its id' }),
      base: folderName
        .optional()
        .describe('voice it is trained on: classes that are new are added, the others stay')
        .meta({ fallback: 'the active voice' }),
      scratch: z
        .boolean()
        .default(false)
        .describe('from nothing instead: the voice knows only what the data sets have'),
      classes: z
        .array(newClass)
        .min(1)
        .max(limits.entries)
        .optional()
        .describe('of the data sets')
        .meta({ fallback: 'all of them' }),
      stages: z
        .array(z.enum(stageNames))
        .min(1)
        .max(3)
        .optional()
        .describe('what is trained on; of a codec only the decoder')
        .meta({ fallback: '`prior`; all from scratch' }),
      minutes: z
        .number()
        .gt(0)
        .max(limits.trainingMinutes)
        .optional()
        .describe('of training, all stages together')
        .meta({ unit: 'min', fallback: '20, unless `steps` are given' }),
      steps: z.int().min(1).max(limits.trainingSteps).optional().describe('or steps of each stage'),
      preset: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'expected the name of a preset')
        .default('rvq')
        .describe(
          "sizes and settings from scratch, one of the trainer's presets: `tiny` proves in minutes that it all works",
        ),
      seed: seed.default(0).describe('of everything random'),
      wait: z
        .boolean()
        .default(true)
        .describe('false: `done` comes at once, with an empty `hash`, and `admin.attach` tells the rest'),
    })
    .refine(({ minutes, steps }) => minutes === undefined || steps === undefined, 'expected either minutes or steps')
    .refine(({ base, scratch }) => base === undefined || !scratch, 'expected either base or scratch'),
  events,
  http: true,
  osc: {
    address: '/foley/admin/retrain',
    id: 'own',
    args: ['voice', 'datasets', 'minutes'],
    pairs: true,
    words: { datasets: list, classes: list, stages: list },
    fixed: {},
    example: ['train1', 'creaks', 'my-footsteps', 20],
    replies,
  },
  example: { args: { voice: 'creaks', datasets: ['my-footsteps'], minutes: 20 }, events: eventExamples },
});

export const adminAttach = defineCommand({
  name: 'admin.attach',
  role: 'admin',
  doc: 'Tells what a training has come to, and then how it goes on, as `admin.retrain` does: after a lost connection, or a restart of the server.',
  args: z.strictObject({ job: name.describe('job id') }),
  events,
  http: true,
  osc: {
    address: '/foley/admin/attach',
    id: 'own',
    args: ['job'],
    pairs: false,
    fixed: {},
    example: ['again1', '4f2c4e5d6a7b8190'],
    replies,
  },
  example: { args: { job: '4f2c4e5d6a7b8190' }, events: eventExamples },
});

export const adminJobs = defineCommand({
  name: 'admin.jobs',
  role: 'admin',
  doc: 'Lists the trainings, oldest first: what waits, what runs, what came of the others.',
  args: z.strictObject({}),
  events: { done: z.object({ jobs: z.array(job) }) },
  http: true,
  osc: bareOsc('/foley/admin/jobs', {
    done: [{ address: '/foley/admin/job', args: ['job:s', 'state:s', 'voice:s', 'share:f'], each: 'jobs' }],
  }),
  example: {
    args: {},
    events: {
      done: {
        jobs: [
          {
            ...{
              job: '4f2c4e5d6a7b8190',
              state: 'running',
              voice: 'creaks',
              base: 'default',
              datasets: ['my-footsteps'],
            },
            ...{ created: 1767225600000, ended: null, stage: 'prior', step: 40, share: 0.1, eta: 1080 },
            ...{ code: null, message: null, log: [] },
          },
        ],
      },
    },
  },
});

/** Of commands that change a training: whether they did. */
function control<const N extends string>(command: N, word: string, doc: string) {
  return defineCommand({
    ...{ name: command, role: 'admin', doc, http: true },
    args: z.strictObject({ job: name.describe('job id') }),
    events: {
      done: z.object({ job: z.string(), state, changed: z.boolean().describe('false where there was nothing to do') }),
    },
    osc: {
      ...{ address: `/foley/admin/${word}`, id: 'own', args: ['job'], pairs: false, fixed: {} },
      example: ['c1', '4f2c4e5d6a7b8190'],
      replies: { done: [{ address: '/foley/training/state', args: ['id', 'state:s'] }] },
    },
    example: {
      args: { job: '4f2c4e5d6a7b8190' },
      events: { done: { job: '4f2c4e5d6a7b8190', state: 'paused', changed: true } },
    },
  });
}

export const adminPause = control(
  'admin.pause',
  'pause',
  'Pauses a training: its memory is given back, what it has learned is kept.',
);
export const adminResume = control('admin.resume', 'resume', 'Lets a paused training go on, behind those that wait.');
export const adminCancel = control('admin.cancel', 'cancel', 'Ends a training and removes what it has learned.');
