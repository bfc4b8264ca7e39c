/** Commands that fine-tune and train voices. */
import { Option } from 'commander';
import { integer, number } from '../options.ts';
import type { RetrainOptions } from '../retrain.ts';
import type { TrainerOptions } from '../trainer.ts';
import type { TrainingsOptions } from '../trainings.ts';
import { type Connecting, choice, collect, connecting, type Declare } from './common.ts';

export const declareTraining: Declare = (program, run) => {
  connecting(program.command('retrain').description('fine-tune a voice with a folder of recordings'))
    .argument('[folder]', 'recordings, or a folder of recordings per class')
    .option('--class <NAME>', 'class of all recordings in the folder')
    .option('--minutes <N>', 'training time; default: 20', number)
    .option('--steps <N>', 'steps per stage, instead of a time', integer)
    .option('--as <ID>', 'id of the new voice; default: the name of the folder')
    .option('--name <TEXT>', 'display name of the new voice')
    .option('--base <ID>', 'voice to start from; default: the active one')
    .option('--scratch', 'train from scratch instead of fine-tuning')
    .option('--preset <NAME>', 'trainer preset for training from scratch')
    .option('--stages <NAMES>', 'which of codec, vocoder and prior to train, separated by commas')
    .option('--seed <N>', 'seed of all random numbers')
    .option('--dataset <ID>', 'use an existing data set; may be given several times', collect)
    .option('--licence <NAME>', 'licence of the recordings, for the credits')
    .option('--author <NAME>', 'author of the recordings, for the credits')
    .option('--notes <TEXT>', 'notes about the recordings')
    .option('--attach <JOB>', 'follow a training that is already running')
    .option('--json', 'print each event as a line of JSON')
    .action(async (folder: string | undefined, options: RetrainOptions & Connecting) => {
      run(await (await import('../retrain.ts')).retrain(folder, choice(options)));
    });

  connecting(program.command('trainings').description('list trainings; pause, resume or cancel one'))
    .option('--pause <JOB>', 'pause a training')
    .option('--resume <JOB>', 'resume a paused training')
    .option('--cancel <JOB>', 'cancel a training and delete its files')
    .option('--json', 'print JSON')
    .action(async (options: TrainingsOptions & Connecting) => {
      run(await (await import('../trainings.ts')).trainings(choice(options)));
    });

  connecting(program.command('datasets').description('list data sets; delete one'))
    .option('--delete <ID>', 'delete a data set')
    // What it was called before: scripts may use it.
    .addOption(new Option('--remove <ID>').hideHelp().conflicts('delete'))
    .option('--json', 'print JSON')
    .action(async ({ remove, ...options }: Connecting & { delete?: string; remove?: string; json?: boolean }) => {
      run(await (await import('../trainings.ts')).datasets(choice({ delete: remove, ...options })));
    });

  const trainer = program.command('trainer').description('install the Python packages that training needs');
  trainer
    .command('install')
    .description("create the trainer's Python environment and install its packages")
    .option('--cpu', 'PyTorch without CUDA (the default)')
    .option('--cuda', 'PyTorch with CUDA, for NVIDIA GPUs')
    .option('--python <FILE>', 'Python 3.10 or newer to create it with (or FOLEYD_PYTHON)')
    .action(async (options: TrainerOptions) => {
      run(await (await import('../trainer.ts')).installTrainer(options));
    });
};
