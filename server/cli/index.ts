import { Command, CommanderError, Option } from 'commander';
import { version } from '../app.ts';
import { activate } from './activate.ts';
import { doctor } from './doctor.ts';
import { exits, toCliError } from './errors.ts';
import { type ExportOptions, exportClips, exportSettings } from './export.ts';
import { type FadOptions, fad } from './fad.ts';
import { type GenerateOptions, generate } from './generate.ts';
import { addSettings, givenSettings, integer, number, type SettingKey } from './options.ts';
import { type RetrainOptions, retrain } from './retrain.ts';
import { serve } from './serve.ts';
import { listTokens, remove, rotate } from './token.ts';
import { datasets, type TrainingsOptions, trainings } from './trainings.ts';
import { type CompareOptions, compareVoices, deleteVoice } from './voice.ts';
import { exportVoice, importVoice } from './voice-file.ts';
import { voices } from './voices.ts';

/** Settings of an engine in this process; giving one means that no running server is asked. */
const ENGINE: readonly SettingKey[] = ['models', 'threads', 'lanes', 'provider'];
const LOCAL: readonly SettingKey[] = ['data', ...ENGINE];

interface Asking extends Record<string, unknown> {
  url?: string;
  token?: string;
  local?: boolean;
}

/** `foleyd` with the given arguments. Resolves with the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = exits.ok;
  const program = new Command('foleyd')
    .description('Foley on demand: ask for a class, watch its rows, hear it.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'foleyd: usage: ')) })
    .showHelpAfterError('foleyd --help says what there is')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed with a code on stderr, 2 wrong command line, 3 port in use, 130 interrupted.',
    );

  addSettings(program.command('serve').description('run the server: WebSocket, HTTP and OSC')).action(
    async (options) => {
      code = await serve(givenSettings(options));
    },
  );

  asking(
    program.command('generate').description('make clips; a running server is asked, else an engine runs right here'),
  )
    .argument('[class]', 'name, id, or a mix like DogBark:0.7+Rain:0.3')
    .option('--seed <N>', 'seed of the first clip; drawn without')
    .option('--count <N>', 'how many clips, with seeds that count up', integer)
    .option('--temperature <T>', '0 takes the likeliest code each time, 1 samples as trained', number)
    .option('--top-k <K>', 'sample among the K likeliest codes; 0 is off', integer)
    .option('--candidates <N>', 'make N of each clip and keep the best by the embedder of the voice', integer)
    .option('--top-p <P>', 'sample among the likeliest codes that together hold P; 1 is off', number)
    .option(
      '--guidance <G>',
      'how strongly it is pushed towards the class; 0 is off, without it the voice decides',
      number,
    )
    .option('--avoid <CLASS>', 'what it is pushed away from: name, id or mix')
    .option('--rate <HZ>', 'sample rate', integer)
    .addOption(new Option('--format <F>', 'samples of the WAV').choices(['f32', 's16']))
    .option('--voice <ID>', 'voice')
    .option('--out <PLACE>', 'file or folder; without, the clip is named after what it is')
    .option('--like <WAV>', 'make the clip again that this one is; what else is given changes it')
    .option('--play', 'play what was made')
    .option('--json', 'print each event as a line of JSON')
    .action(async (what: string | undefined, options: GenerateOptions & Asking) => {
      code = await generate(what, { ...options, ...choice(options) });
    });

  const exporting = asking(
    program.command('export').description('write files of clips for a sound department, and a sheet of them'),
  ).argument('[clips...]', 'ids of saved clips');
  for (const [name, value, doc, isNumber] of exportSettings.map((one) => [...one, undefined] as const)) {
    const option = new Option(`--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)} <${value}>`, doc);
    exporting.addOption(isNumber === true ? option.argParser(number) : option);
  }
  exporting
    .option('--loop', 'state a loop where the sound is steady')
    .option('--list <CSV>', 'sheet of clips, or of classes with seed and count, that are made for it')
    .option('--out <DIR>', 'folder; this one without')
    .option('--json', 'print each file as a line of JSON')
    .action(async (clips: string[], options: ExportOptions & Asking) => {
      code = await exportClips(clips, { ...options, ...choice(options) });
    });

  asking(program.command('fad').description('say how far a voice, or a folder of clips, lies from real recordings'))
    .option('--voice <ID>', 'voice; the active one without')
    .option('--candidate <DIR>', 'a folder per class of WAVs instead of a voice')
    .option('--reference <WHAT>', "a folder per class of WAVs, a .npz, or a name in the server's references")
    .option('--embedder <DIR>', 'folder with embedder.json; the default voice’s without')
    .option('--classes <NAMES>', 'only these, by commas')
    .option('--clips <N>', 'clips of each class, 40 by default', integer)
    .option('--seed <N>', 'seed of the first clip of each class', integer)
    .option(
      '--guidance <G>',
      'how strongly clips are pushed towards the class; 0 is off, without it the voice decides',
      number,
    )
    .option('--history', 'what was measured before, instead of measuring')
    .option('--chart <FILE>', 'with --history: draw it as an SVG')
    .option('--json', 'as JSON')
    .action(async (options: FadOptions & Asking) => {
      code = await fad({ ...options, ...choice(options) });
    });

  asking(program.command('retrain').description('teach a voice new sounds: a folder of recordings becomes a new voice'))
    .argument('[folder]', 'recordings, or a folder of them per class')
    .option('--class <NAME>', 'what all recordings are')
    .option('--minutes <N>', 'of training, 20 by default', number)
    .option('--steps <N>', 'or steps of each stage', integer)
    .option('--as <ID>', 'id of the new voice; named after the folder without')
    .option('--name <TEXT>', 'its name for people')
    .option('--base <ID>', 'voice it is trained on; the active one without')
    .option('--scratch', 'from nothing instead')
    .option('--preset <NAME>', 'sizes and settings from scratch')
    .option('--stages <NAMES>', 'of codec, vocoder and prior, by commas')
    .option('--seed <N>', 'of everything random')
    .option('--dataset <ID>', 'a data set that is there already; may be given several times', collect)
    .option('--licence <NAME>', 'of the recordings, for the credits')
    .option('--author <NAME>', 'who recorded them, for the credits')
    .option('--notes <TEXT>', 'about the recordings')
    .option('--attach <JOB>', 'watch a training that was begun before')
    .option('--json', 'print each event as a line of JSON')
    .action(async (folder: string | undefined, options: RetrainOptions & Asking) => {
      code = await retrain(folder, { ...options, ...choice(options) });
    });

  asking(program.command('trainings').description('list the trainings'))
    .option('--pause <JOB>', 'pause one')
    .option('--resume <JOB>', 'let a paused one go on')
    .option('--cancel <JOB>', 'end one and remove what it has learned')
    .option('--json', 'as JSON')
    .action(async (options: TrainingsOptions & Asking) => {
      code = await trainings({ ...options, ...choice(options) });
    });

  asking(program.command('datasets').description('list the data sets'))
    .option('--remove <ID>', 'remove one')
    .option('--json', 'as JSON')
    .action(async (options: Asking & { remove?: string; json?: boolean }) => {
      code = await datasets({ ...options, ...choice(options) });
    });

  asking(program.command('activate').description('make a voice the active one'))
    .argument('<ID>', 'voice')
    .option('--force', 'whatever its score says')
    .option('--json', 'as JSON')
    .action(async (voice: string, options: Asking & { force?: boolean; json?: boolean }) => {
      code = await activate(voice, { ...options, ...choice(options) });
    });

  asking(program.command('rollback').description('make the voice active again that was before'))
    .option('--json', 'as JSON')
    .action(async (options: Asking & { json?: boolean }) => {
      code = await activate(null, { ...options, ...choice(options) });
    });

  asking(program.command('voices').description('list the voices and their classes'))
    .option('--json', 'as JSON')
    .action(async (options: Asking & { json?: boolean }) => {
      code = await voices({ ...options, ...choice(options) });
    });

  const voice = program.command('voice').description('delete, carry away, bring in and compare voices');
  asking(voice.command('delete').description('remove a voice that nothing needs'))
    .argument('<ID>', 'voice')
    .option('--force', 'also the one that rollback would go back to, or that a trigger map names')
    .option('--json', 'as JSON')
    .action(async (id: string, options: Asking & { force?: boolean; json?: boolean }) => {
      code = await deleteVoice(id, { ...options, ...choice(options) });
    });
  asking(voice.command('export').description('write a voice as one file'))
    .argument('<ID>', 'voice')
    .argument('[FILE]', 'file or folder; named after the voice without')
    .option('--json', 'as JSON')
    .action(async (id: string, file: string | undefined, options: Asking & { json?: boolean }) => {
      code = await exportVoice(id, file, { ...options, ...choice(options) });
    });
  asking(voice.command('import').description('make a voice of a file that export wrote'))
    .argument('<FILE>', 'the file')
    .option('--as <ID>', 'id it gets here; without, the one it had')
    .option('--json', 'as JSON')
    .action(async (file: string, options: Asking & { as?: string; json?: boolean }) => {
      code = await importVoice(file, { ...options, ...choice(options) });
    });
  asking(voice.command('compare').description('put voices beside each other; with a class, hear them'))
    .argument('<IDS...>', 'two voices or more')
    .option('--class <NAME>', 'make a clip of this by each')
    .option('--seed <N>', 'seed of the first clip of each; drawn without')
    .option('--count <N>', 'clips of each', integer)
    .option('--temperature <T>', '0 takes the likeliest code each time, 1 samples as trained', number)
    .option(
      '--guidance <G>',
      'how strongly it is pushed towards the class; 0 is off, without it the voice decides',
      number,
    )
    .option('--out <DIR>', 'folder for the WAVs')
    .option('--json', 'as JSON')
    .action(async (ids: string[], options: CompareOptions & Asking) => {
      code = await compareVoices(ids, { ...options, ...choice(options) });
    });

  const token = addSettings(
    program.command('token').description('say which roles have a token; rotate and remove change that'),
    ['data'],
  ).action((options: Asking) => {
    code = listTokens(choice(options));
  });
  for (const [name, doc, change] of [
    ['rotate', 'make a new token of a role and show it this once; the old one opens nothing any more', rotate],
    ['remove', 'let the role have no token', remove],
  ] as const) {
    addSettings(token.command(name).description(doc), ['data'])
      .argument('<ROLE>', 'play or admin')
      .action(async (role: string, options: Asking) => {
        code = await change(role, choice({ ...token.opts(), ...options }));
      });
  }

  addSettings(program.command('doctor').description('look at everything foleyd stands on'))
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      code = await doctor({ ...options, config: givenSettings({ ...options }) });
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exits.ok : exits.usage;
    const error = toCliError(thrown);
    process.stderr.write(`foleyd: ${error.code}: ${error.message}\n`);
    return error.exit;
  }
}

/** Of an option that may be given several times. */
function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Options of commands that ask a foleyd, wherever it runs. */
function asking(command: Command): Command {
  command.option('--url <WS>', 'ask this server and no other, as ws://127.0.0.1:9247/ws');
  command.option('--token <SECRET>', 'secret of that server (or FOLEYD_TOKEN)');
  command.option('--local', 'run an engine here even where a server answers');
  return addSettings(command, LOCAL);
}

function choice(options: Asking): { local: boolean; config: GenerateOptions['config'] } {
  const config = givenSettings(options);
  return { local: options.local === true || ENGINE.some((key) => key in config), config };
}
