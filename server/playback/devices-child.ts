/** Child process that lists the audio outputs and sends them to its parent. */
import process from 'node:process';
import { listDevices } from './outputs.ts';

const found = await listDevices().catch((error: Error) => error.message);
process.send?.(found, () => process.exit(0));
