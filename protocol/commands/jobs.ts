import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';

/** Jobs of the queue; trainings have commands of their own. */

const id = name.describe('job id, from `accepted`');
const state = z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']);

const job = z.object({
  job: z.string().describe('job id'),
  cmd: z.string().describe('`clip.batch`, or `foley.generate` for any other job that makes clips'),
  state,
  clips: z.int().min(0).describe('clips to make, candidates included; of a batch its files'),
  made: z.int().min(0).describe('how many are done'),
  created: z.number().describe('when it was accepted, since 1970').meta({ unit: 'ms' }),
  lasting: z.boolean().describe('whether it continues after a restart of the server'),
  own: z.boolean().describe('whether this connection started it'),
  message: z.string().nullable().describe('why it failed'),
});
const example = {
  job: '4f2c4e5d6a7b8190',
  cmd: 'clip.batch',
  clips: 200,
  made: 17,
  created: 1767225600000,
  lasting: true,
  own: true,
  message: null,
};
const running = { ...example, state: 'running' as const };

export const jobList = defineCommand({
  name: 'job.list',
  role: 'play',
  doc: 'Lists jobs that have not ended, in the order in which they were accepted, and those taken up after a restart that ended in the last ten minutes: those of this connection and those named, for admins all.',
  args: z.strictObject({
    jobs: z.array(name).max(limits.entries).optional().describe('also these jobs, by id'),
  }),
  events: { done: z.object({ jobs: z.array(job) }) },
  http: true,
  osc: {
    address: '/foley/jobs',
    id: 'own',
    args: [],
    pairs: false,
    fixed: {},
    example: ['j1'],
    replies: {
      done: [
        { address: '/foley/job', args: ['id', 'job:s', 'state:s', 'made:i', 'clips:i'], each: 'jobs' },
        { address: '/foley/jobs/done', args: ['id'] },
      ],
    },
  },
  example: { args: {}, events: { done: { jobs: [running] } } },
});

/** Of commands that change a job. */
function control<const N extends string>(command: N, word: string, doc: string) {
  return defineCommand({
    name: command,
    role: 'play',
    doc,
    http: true,
    args: z.strictObject({ job: id }),
    events: { done: z.object({ job: z.string(), changed: z.boolean().describe('false if nothing changed') }) },
    osc: {
      address: `/foley/job/${word}`,
      id: 'own',
      args: ['job'],
      pairs: false,
      fixed: {},
      example: ['j1', '4f2c4e5d6a7b8190'],
      replies: { done: [{ address: '/foley/job/changed', args: ['id', 'job:s', 'changed:i'] }] },
    },
    example: { args: { job: '4f2c4e5d6a7b8190' }, events: { done: { job: '4f2c4e5d6a7b8190', changed: true } } },
  });
}

export const jobPause = control(
  'job.pause',
  'pause',
  'Pauses a job: clips in progress are finished, and no further one starts. Any client that knows the job id may do this.',
);
export const jobResume = control('job.resume', 'resume', 'Resumes a paused job.');
export const jobMove = control(
  'job.move',
  'move',
  "Moves a job to the front of this client's jobs; with the admin role to the front of the queue.",
);
export const jobCancel = control(
  'job.cancel',
  'cancel',
  'Cancels a job, as `foley.cancel` does by job id; what it saved stays.',
);
