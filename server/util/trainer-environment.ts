import path from 'node:path';
import { defaultDataDir } from './data-folder.ts';

/**
 * Path of the trainer's Python environment: in a clone, inside the trainer's folder. An npm installation is replaced
 * by each update and may belong to another user, so its environment is in the user's data folder.
 */
export function trainerEnvironment(trainer: string, env: NodeJS.ProcessEnv = process.env): string {
  const isInstalled = path.resolve(trainer).split(path.sep).includes('node_modules');
  return path.join(isInstalled ? path.join(defaultDataDir(env), 'trainer') : trainer, '.venv');
}
