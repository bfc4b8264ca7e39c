/** A worker as a process of its own, which gives up a silent one's jobs sooner. */
import process from 'node:process';
import { runWorker } from '../../worker.ts';

const [url = '', name = '', data = '', models = ''] = process.argv.slice(2);
const config = { farm: url, data, models, lanes: 1, logLevel: 'debug' as const };
process.exit(await runWorker(config, { name, limits: { ackMs: 1000 } }));
