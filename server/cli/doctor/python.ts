import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Finding, ok, warn } from './check.ts';

const TRAINER = fileURLToPath(new URL('../../../models/trainer', import.meta.url));

/** What the trainer is started with, and whether its packages are there. Playing needs no Python, so all of it only warns. */
export async function python(trainer: string = TRAINER): Promise<Finding> {
  const windows = process.platform === 'win32';
  const own = path.join(trainer, '.venv', windows ? 'Scripts/python.exe' : 'bin/python');
  const file = existsSync(own) ? own : windows ? 'python' : 'python3';
  const version = await run(file, 'import sys; print(*sys.version_info[:3], sep=".")');
  if (version === null) return warn('python_missing', 'no Python found; it is only needed to train voices');
  const torch = await run(file, 'import torch; print(torch.__version__)');
  if (torch === null) {
    return warn(
      'trainer_missing',
      `Python ${version} without PyTorch; to train: npm test prepares ${path.join(trainer, '.venv')}`,
    );
  }
  return ok(`Python ${version}, PyTorch ${torch}${file === own ? ", in the trainer's own environment" : ''}`, {
    python: version,
    torch,
  });
}

/** Standard output of a short program, trimmed; null when it could not run. */
function run(file: string, program: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, ['-c', program], { timeout: 60_000 }, (error, stdout) => resolve(error ? null : stdout.trim()));
  });
}
