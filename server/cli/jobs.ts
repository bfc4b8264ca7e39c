import type { EventData } from '../../protocol/index.ts';
import { CliError, exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';

export type JobsOptions = SessionChoice & {
  pause?: string;
  resume?: string;
  move?: string;
  cancel?: string;
  json?: boolean;
};

/** `foleyd jobs`: lists the jobs of the queue, or changes one. */
export async function jobs(options: JobsOptions): Promise<number> {
  const session = await openSession({ ...options, purpose: 'server' });
  try {
    const { pause, resume, move, cancel } = options;
    if (pause !== undefined) await session.call('job.pause', { job: pause });
    if (resume !== undefined) await session.call('job.resume', { job: resume });
    if (move !== undefined) await session.call('job.move', { job: move });
    if (cancel !== undefined && !(await session.call('job.cancel', { job: cancel })).changed)
      throw new CliError(
        'unknown_job',
        `no job ${JSON.stringify(cancel.slice(0, 40))} is open; foleyd jobs lists them`,
      );
    const { jobs: found } = await session.call('job.list', {});
    process.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : found.map(line).join(''));
    if (found.length === 0) process.stderr.write('no jobs\n');
    return exits.ok;
  } finally {
    await session.close();
  }
}

function line({
  job,
  cmd,
  state,
  clips,
  made,
  lasting,
  message,
}: EventData<'job.list', 'done'>['jobs'][number]): string {
  const kind = lasting ? 'goes on after a restart' : 'ends with its client';
  return `${job}  ${state}  ${made} of ${clips}  ${cmd}, ${kind}${message === null ? '' : `  ${message}`}\n`;
}
