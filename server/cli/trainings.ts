import type { EventData } from '../../protocol/index.ts';
import { exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import { restorable } from './trash.ts';

export type TrainingsOptions = SessionChoice & { pause?: string; resume?: string; cancel?: string; json?: boolean };

/** `foleyd trainings`: lists trainings, or changes one. */
export async function trainings(options: TrainingsOptions): Promise<number> {
  const session = await openSession(options);
  try {
    const { pause, resume, cancel } = options;
    if (pause !== undefined) await session.call('admin.pause', { job: pause });
    if (resume !== undefined) await session.call('admin.resume', { job: resume });
    if (cancel !== undefined) await session.call('admin.cancel', { job: cancel });
    const { jobs } = await session.call('admin.jobs', {});
    process.stdout.write(options.json === true ? `${JSON.stringify(jobs)}\n` : jobs.map(line).join(''));
    if (jobs.length === 0) process.stderr.write('no trainings; to start one: foleyd retrain FOLDER --class NAME\n');
    return exits.ok;
  } finally {
    await session.close();
  }
}

function line({
  job,
  state,
  voice,
  base,
  stage,
  share,
  message,
}: EventData<'admin.jobs', 'done'>['jobs'][number]): string {
  const at = state === 'running' && stage !== null ? `, ${stage} ${Math.round(share * 100)} %` : '';
  return `${job}  ${state}${at}  ${voice} ${base === null ? 'from scratch' : `from ${base}`}${message === null ? '' : `  ${message}`}\n`;
}

/** `foleyd datasets`: lists data sets, or deletes one. */
export async function datasets(
  options: SessionChoice & { delete?: string | undefined; json?: boolean },
): Promise<number> {
  const session = await openSession(options);
  try {
    if (options.delete !== undefined) {
      const { removed, until } = await session.call('dataset.remove', { dataset: options.delete });
      process.stderr.write(`deleted data set ${removed}${restorable(removed, until)}\n`);
    }
    const { datasets: found } = await session.call('dataset.list', {});
    const text = found.map(({ dataset, clips, minutes, licence, classes }) => {
      return `${dataset}  ${clips} clips, ${minutes} min, ${licence}\n    ${classes.map((one) => `${one.class} ${one.clips}`).join(', ')}\n`;
    });
    process.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : text.join(''));
    if (found.length === 0) process.stderr.write('no data sets; foleyd retrain makes one of a folder of recordings\n');
    return exits.ok;
  } finally {
    await session.close();
  }
}
