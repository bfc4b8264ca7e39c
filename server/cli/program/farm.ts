/** Commands of a render farm. */

import type { FarmOptions } from '../farm.ts';
import { addSettings, givenSettings, integer } from '../options.ts';
import { type Connecting, choice, connectingOnly, type Declare } from './common.ts';

interface WorkerFlags {
  name?: string;
  drain?: number;
  metrics?: number;
  metricsHost?: string;
}

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
    .option('--metrics <PORT>', 'serve GET /metrics for Prometheus on this port; default: not at all', integer)
    .option('--metrics-host <HOST>', 'address for --metrics; default: 127.0.0.1')
    .action(async (options: Record<string, unknown> & WorkerFlags) => {
      const { name, drain, metrics, metricsHost = '127.0.0.1' } = options;
      const given = {
        ...(name === undefined ? {} : { name }),
        ...(drain === undefined ? {} : { drainMs: drain }),
        ...(metrics === undefined ? {} : { metrics: { host: metricsHost, port: metrics } }),
      };
      run(await (await import('../worker.ts')).worker(givenSettings(options), given));
    });

  const farm = program.command('farm').description('the render farm of a server: serve --farm');
  connectingOnly(
    farm
      .command('status', { isDefault: true })
      .description('show workers, what each makes, queues, rates and failures'),
  )
    .option('--json', 'print JSON')
    .action(async (options: FarmOptions & Connecting) => {
      run(await (await import('../farm.ts')).farmStatus(choice(options)));
    });
};
