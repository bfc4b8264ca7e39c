import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ConfigError, type ConfigInput, farmAddress, resolveConfig } from './config.ts';
import { startOwnEngine } from './engine-start.ts';
import { UntrustedVoices } from './evaluation/untrusted-voices.ts';
import type { WorkerLimits } from './farm/names.ts';
import { exitCodes, stopSignal } from './main.ts';
import { listenForMetrics } from './metrics/listen.ts';
import { Metrics } from './metrics/metrics.ts';
import { workerMetrics } from './metrics/of-worker.ts';
import { createLog, type Log, logLineOf } from './util/log.ts';
import { version } from './util/version.ts';

export interface WorkerOptions {
  /** How it is called in the farm; by default after its machine and process. */
  name?: string;
  /** Milliseconds that jobs in hand may take when it is asked to stop; what is not made by then goes back to the queue. */
  drainMs?: number;
  limits?: Partial<WorkerLimits>;
  /** Where Prometheus may read GET /metrics; nowhere by default. 0 picks a free port. */
  metrics?: { host: string; port: number };
  log?: Log;
}

const DRAIN_MS = 10_000;
/** Of the voices that came from the farm. */
const CACHE_BYTES = 4 * 2 ** 30;

/** `foleyd worker`: renders clips for a farm until a signal stops it. Resolves with the exit code. */
export async function runWorker(given: ConfigInput, options: WorkerOptions = {}): Promise<number> {
  // It opens no port of a server, whatever the environment says of one.
  const config = resolveConfig({ ...given, listen: false, host: '127.0.0.1', oscHost: '127.0.0.1' });
  const address = farmAddress(config);
  if (address === null) throw new ConfigError('a worker needs the broker of its farm: --farm nats://HOST:PORT');
  const log = options.log ?? createLog({ level: config.logLevel });
  const { BrokerLink } = await import('./farm/link.ts');
  const { FarmWorker } = await import('./farm/worker.ts');
  const { WorkerVoices } = await import('./farm/worker-voices.ts');
  const name = options.name ?? `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`;
  const tell = logLineOf(log, { worker: name });
  const engine = await startOwnEngine(config, log, false);
  const untrusted = new UntrustedVoices();
  const link = new BrokerLink({ address, name: `foleyd worker ${name}`, log: tell });
  const voices = new WorkerVoices({
    roots: [path.join(config.data, 'voices'), config.models],
    cache: path.join(config.data, 'farm-voices'),
    maxBytes: CACHE_BYTES,
    check: (voice) => untrusted.check(voice),
    log: tell,
  });
  const worker = new FarmWorker({
    link,
    engine,
    voices,
    name,
    host: hostname(),
    version,
    limits: options.limits,
    log: tell,
  });
  const open =
    options.metrics === undefined
      ? null
      : await listenForMetrics(
          new Metrics(() => workerMetrics(worker.beat(), link.broker !== null, engine.info())),
          options.metrics.host,
          options.metrics.port,
        );
  if (open !== null) log.info({ port: open.port }, 'metrics are served');
  log.info({ worker: name, slots: engine.slots }, `foleyd worker ${version} is running`);
  const signal = await stopSignal();
  log.info({ signal }, 'stopping: jobs in hand may finish, a second signal stops at once');
  void stopSignal().then(() => process.exit(exitCodes.failed));
  await worker.drain(options.drainMs ?? DRAIN_MS);
  open?.close();
  await Promise.all([link.close(), engine.close(), untrusted.close()]);
  log.info('stopped');
  return exitCodes.ok;
}
