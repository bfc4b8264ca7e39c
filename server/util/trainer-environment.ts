import path from 'node:path';
import { defaultDataDir } from './data-folder.ts';

/**
 * Where the trainer's own Python environment lies: in a clone, in the trainer's folder. What npm installed is replaced by
 * each update and may belong to another user: there it lies with the user's data.
 */
export function trainerEnvironment(trainer: string, env: NodeJS.ProcessEnv = process.env): string {
  const isInstalled = path.resolve(trainer).split(path.sep).includes('node_modules');
  return path.join(isInstalled ? path.join(defaultDataDir(env), 'trainer') : trainer, '.venv');
}
