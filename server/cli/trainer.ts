import { fileURLToPath } from 'node:url';
import { installRequirements } from '../../scripts/python.mjs';
import { trainerEnvironment } from '../util/trainer-environment.ts';
import { CliError, exits } from './errors.ts';

export interface TrainerOptions {
  cpu?: boolean;
  cuda?: boolean;
  python?: string;
}

const TRAINER = fileURLToPath(new URL('../../models/trainer', import.meta.url));

/** `foleyd trainer install`: the trainer's own Python environment, with the packages that it needs. */
export async function installTrainer({ cpu, cuda, python }: TrainerOptions): Promise<number> {
  if (cpu === true && cuda === true) throw new CliError('usage', 'use only one of --cpu and --cuda');
  const made = await installRequirements(TRAINER, {
    venv: trainerEnvironment(TRAINER),
    title: "installing the trainer's Python packages",
    torch: cuda === true ? 'cuda' : 'cpu',
    python,
  });
  if ('why' in made) throw new CliError(made.code, made.why);
  process.stdout.write(`${made.python}\n`);
  process.stderr.write('the trainer is installed; to train: foleyd retrain FOLDER --class NAME\n');
  return exits.ok;
}
