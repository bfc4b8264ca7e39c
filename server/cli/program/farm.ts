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
    program.command('worker').description('make clips for the servers of a render farm (foleyd serve --farm)'),
    [
      ...(['farm', 'farmCredentials', 'farmCa', 'farmCert', 'farmKey', 'lanes', 'threads', 'provider'] as const),
      ...(['voiceMemory', 'data', 'models', 'logLevel'] as const),
    ],
  )
    .option('--name <NAME>', 'name in the farm; default: made of the host name and the process id')
    .option('--drain <MS>', 'how long clips in progress may take after a stop signal; default: 10000', integer)
    .option('--metrics <PORT>', 'serve GET /metrics for Prometheus on this port; default: off', integer)
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

  const farm = program.command('farm').description('show the state of the render farm (foleyd serve --farm)');
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
