import { Command, CommanderError } from 'commander';
import { version } from '../util/version.ts';
import { exits, toCliError } from './errors.ts';
import { onBrokenPipe } from './output.ts';
import { declareClips } from './program/clips.ts';
import { declareFarm } from './program/farm.ts';
import { declareServer } from './program/server.ts';
import { declareTraining } from './program/training.ts';
import { asCommands, asOption, explainUsage, refuseUnknownWord } from './program/usage.ts';
import { declareVoices } from './program/voices.ts';

/** `foleyd` with the given arguments. Resolves with the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  onBrokenPipe();
  let code: number = exits.ok;
  const run = (ended: number): void => {
    code = ended;
  };
  const program = new Command('foleyd')
    .description(
      'Generate Foley sounds with a neural voice: a server, and commands to use it. Without a command: serve.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'foleyd: usage: ')) })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed (code and message on stderr), 2 wrong command line, 3 port in use, 130 interrupted.',
    );
  for (const declare of [declareServer, declareFarm, declareClips, declareVoices, declareTraining])
    declare(program, run);
  declareHelp(program);
  explainUsage(program);
  let running: Command | null = null;
  program.hook('preAction', (_, command) => {
    running = command;
  });
  try {
    refuseUnknownWord(program, argv);
    await program.parseAsync(isServe(argv) ? ['serve', ...argv] : argv, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exits.ok : exits.usage;
    const error = toCliError(thrown);
    const message = asCommands(asOption(error.message, running));
    process.stderr.write(`foleyd: ${error.code}: ${message}\n`);
    return error.exit;
  }
}

/** Whether no command is named, only options of `serve`. */
function isServe([first]: readonly string[]): boolean {
  return first === undefined || (first.startsWith('-') && !['-h', '--help', '-V', '--version'].includes(first));
}

/** In place of commander's own, which prints the whole help for a command that is not there. */
function declareHelp(of: Command): void {
  for (const one of of.commands) if (one.commands.length > 0) declareHelp(one);
  of.helpCommand(false);
  of.command('help')
    .argument('[command...]')
    .description('show the help of a command')
    .action((names: string[]) => {
      const found = names.reduce((at, name) => {
        const next = at.commands.find((one) => one.name() === name || one.aliases().includes(name));
        return next ?? at.error(`error: unknown command '${name}'`);
      }, of);
      found.outputHelp();
    });
}
