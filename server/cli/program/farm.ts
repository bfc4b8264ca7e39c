/** Commands of a render farm. */
import { addSettings, givenSettings, integer } from '../options.ts';
import type { Declare } from './common.ts';

export const declareFarm: Declare = (program, run) => {
  addSettings(
    program.command('worker').description('make clips for the servers of a render farm; they run with serve --farm'),
    [
      ...(['farm', 'farmCredentials', 'farmCa', 'farmCert', 'farmKey', 'lanes', 'threads', 'provider'] as const),
      ...(['voiceMemory', 'data', 'models', 'logLevel'] as const),
    ],
  )
    .option('--name <NAME>', 'name in the farm; default: after the machine and the process')
    .option('--drain <MS>', 'time that clips in hand may take when it is stopped; default: 10000', integer)
    .action(async (options: Record<string, unknown> & { name?: string; drain?: number }) => {
      const { name, drain } = options;
      const given = {
        ...(name === undefined ? {} : { name }),
        ...(drain === undefined ? {} : { drainMs: drain }),
      };
      run(await (await import('../worker.ts')).worker(givenSettings(options), given));
    });
};
