/** Commands that fine-tune a voice on data sets, and follow, list and cancel trainings. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, bin, defineCommand } from './define.ts';
import { folderName, name, newClass, seed } from './fields.ts';

/** Of a training where neither minutes nor steps are given. */
export const TRAINING_MINUTES = 20;

const stageNames = ['codec', 'vocoder', 'prior'] as const;
const stage = z.string().describe('codec, vocoder, prior or export');
const state = z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']);
const numbers = z.record(z.string(), z.number());
const step = z.int().min(0).describe('finished steps of this stage');
const eta = z
  .number()
  .min(0)
  .nullable()
  .describe('time left until the end of the last stage; null if unknown')
  .meta({ unit: 's' });

const job = z.object({
  job: z.string().describe('job id'),
  state,
  voice: z.string().describe('id of the new voice'),
  base: z.string().nullable().describe('base voice; null if trained from scratch'),
  datasets: z.array(z.string()),
  created: z.int().describe('since 1970').meta({ unit: 'ms' }),
  ended: z.int().nullable().describe('since 1970').meta({ unit: 'ms' }),
  stage: stage.nullable(),
  step,
  share: z.number().min(0).max(1).describe("of this stage's budget"),
  eta,
  pace: numbers.describe('time per training step of each stage, measured on this machine').meta({ unit: 's' }),
  code: z.string().nullable().describe('error code'),
  message: z.string().nullable().describe('reason for this state, if any'),
  log: z.array(z.string()).describe("last lines of the trainer's log, after a failure"),
});

const done = z.object({
  job: z.string(),
  voice: z.string().describe('id of the new voice; `admin.activate` makes it the active one'),
  hash: z.string().describe('its hash'),
  seconds: z.number().min(0).describe('time from the request to the finished voice').meta({ unit: 's' }),
});

const events = {
  accepted: z.object({
    job: z.string().describe('job id; the training continues if this connection closes'),
    voice: z.string(),
    base: z.string().nullable(),
    ahead: z.int().min(0).describe('trainings ahead in the queue'),
  }),
  state: z.object({ state, message: z.string().nullable() }),
  stage: z.object({ stage, number: z.int().min(0).describe('from 1'), of: z.int().min(0) }),
  progress: z.object({ part: z.string(), done: z.int().min(0), of: z.int().min(0) }),
  step: z.object({ stage, step, share: z.number().min(0).max(1), eta, losses: numbers }),
  eval: z.object({
    stage,
    step,
    scores: numbers.describe('metrics on evaluation clips; `score` selects the best checkpoint, lower is better'),
  }),
  audition: z.object({
    stage,
    step,
    class: z.string(),
    path: z.string().describe('path of the WAV'),
    wav: bin('a clip of the current state'),
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
    stage: 'prior',
    step: 50,
    class: 'CreakyFloor',
    path: '/home/me/foleyd/training/4f2c4e5d6a7b8190/run/auditions/0000050-7.wav',
    wav: new Uint8Array([82, 73, 70, 70]),
    picture: new Uint8Array([137, 80, 78, 71]),
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
  doc: 'Trains a new voice on data sets, by fine-tuning another voice or from scratch, at lower priority than everything that plays, and reports progress.',
  args: z
    .strictObject({
      voice: folderName.describe('id of the new voice'),
      datasets: z.array(folderName).min(1).max(16).describe('data sets to train on'),
      name: name.optional().describe('display name of the voice').meta({ fallback: 'its id' }),
      base: folderName
        .optional()
        .describe('voice to fine-tune: new classes are added, its own are kept')
        .meta({ fallback: 'the active voice' }),
      scratch: z
        .boolean()
        .default(false)
        .describe('train from scratch instead: the voice has only the classes of the data sets'),
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
        .describe('stages to train; of a codec only the decoder')
        .meta({ fallback: '`prior`; all from scratch' }),
      minutes: z
        .number()
        .gt(0)
        .max(limits.trainingMinutes)
        .optional()
        .describe('training time, all stages together')
        .meta({ unit: 'min', fallback: `${TRAINING_MINUTES}, unless \`steps\` are given` }),
      steps: z.int().min(1).max(limits.trainingSteps).optional().describe('or steps per stage'),
      preset: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'expected the name of a preset')
        .default('rvq')
        .describe('preset of the trainer for training from scratch; `tiny` tests the whole path in minutes'),
      seed: seed.default(0).describe('seed of the training'),
      wait: z
        .boolean()
        .default(true)
        .describe('false: `done` follows at once with an empty `hash`; use `admin.attach` for the rest'),
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
  doc: 'Reports the state of a training, then its progress as `admin.retrain` does: for use after a lost connection or a restart of the server.',
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
  doc: 'Lists the trainings, oldest first: queued, running and ended.',
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
            job: '4f2c4e5d6a7b8190',
            state: 'running',
            voice: 'creaks',
            base: 'default',
            datasets: ['my-footsteps'],
            created: 1767225600000,
            ended: null,
            stage: 'prior',
            step: 40,
            share: 0.1,
            eta: 1080,
            pace: { prior: 0.5 },
            code: null,
            message: null,
            log: [],
          },
        ],
      },
    },
  },
});

/** Of commands that change a training: whether they did. */
function control<const N extends string>(command: N, word: string, doc: string) {
  return defineCommand({
    name: command,
    role: 'admin',
    doc,
    http: true,
    args: z.strictObject({ job: name.describe('job id') }),
    events: {
      done: z.object({ job: z.string(), state, changed: z.boolean().describe('false if nothing changed') }),
    },
    osc: {
      address: `/foley/admin/${word}`,
      id: 'own',
      args: ['job'],
      pairs: false,
      fixed: {},
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
  'Pauses a training: frees its memory and keeps its checkpoint.',
);
export const adminResume = control('admin.resume', 'resume', 'Resumes a paused training, behind those already queued.');
export const adminCancel = control('admin.cancel', 'cancel', 'Cancels a training and deletes its checkpoints.');
