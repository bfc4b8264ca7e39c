import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type TrainerCommand, TrainerFinder } from '../../training/python.ts';
import { isWithin } from '../../util/folders.ts';
import { trainerEnvironment } from '../../util/trainer-environment.ts';
import { toCliError } from '../errors.ts';
import { type Finding, ok, warn } from './check.ts';

const TRAINER = fileURLToPath(new URL('../../../models/trainer', import.meta.url));

/** What trainings are started with, found as the server finds it. Playing needs no Python, so all of it only warns. */
export async function python(named?: string, trainer: string = TRAINER): Promise<Finding> {
  let command: TrainerCommand;
  try {
    command = await new TrainerFinder({ folder: trainer, python: named }).find();
  } catch (thrown) {
    const { code, message } = toCliError(thrown);
    return warn(code, `${message} (only needed to train voices)`);
  }
  const own = trainerEnvironment(trainer);
  const isOwn = isWithin(own, command.file);
  const said = await run(
    command,
    'import sys; from importlib.metadata import version; print(*sys.version_info[:3], sep="."); print(version("torch"))',
  );
  const [version = 'unknown', torch = 'unknown'] = said.split('\n');
  const found = `Python ${version}, PyTorch ${torch}`;
  if (named === undefined && !isOwn && lstatSync(own, { throwIfNoEntry: false }) !== undefined)
    return warn(
      'trainer_missing',
      `the trainer's environment ${own} does not work; ${command.file} is used instead (${found}). To create it again, remove that folder and run: foleyd trainer install`,
    );
  const where = isOwn ? ", in the trainer's own environment" : `, ${command.file}`;
  return ok(`${found}${where}`, { python: version, torch });
}

/** Standard output of a short program, trimmed; empty when it could not run. */
function run({ file, args, env }: TrainerCommand, program: string): Promise<string> {
  const before = args.slice(0, args.indexOf('-m'));
  return new Promise((resolve) => {
    execFile(file, [...before, '-c', program], { env, timeout: 60_000 }, (error, stdout) =>
      resolve(error ? '' : stdout.trim()),
    );
  });
}
