/** How the command speaks of itself: the order of its help, and where a wrong command line is told to look. */
import { type Command, Help } from 'commander';

/** Says of each command where its own help is, and shows the options of its own before those that many have. */
export function explainUsage(program: Command): void {
  const words = [];
  for (let at: Command | null = program; at !== null; at = at.parent) words.unshift(at.name());
  program.showHelpAfterError(`Run ${words.join(' ')} --help for usage.`);
  program.configureHelp({ groupItems: ownFirst });
  for (const command of program.commands) explainUsage(command);
}

const OWN = ['Arguments:', 'Options:', 'Commands:'];

const ownFirst: Help['groupItems'] = (unsorted, visible, groupOf) => {
  const groups = [...new Help().groupItems(unsorted, visible, groupOf)];
  return new Map([
    ...groups.filter(([heading]) => OWN.includes(heading)),
    ...groups.filter(([heading]) => !OWN.includes(heading)),
  ]);
};

/** A word that no command below has, where commander would give it to the one that is meant without a word. */
export function refuseUnknownWord(program: Command, argv: readonly string[]): void {
  let at = program;
  for (const word of argv) {
    const names = at.commands.map((one) => one.name());
    if (word.startsWith('-') || names.length === 0) return;
    const next = at.commands.find((one) => one.name() === word);
    if (next !== undefined) at = next;
    else if (at === program) return;
    else at.error(`error: unknown command '${word}'; expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`);
  }
}

/** What the command line calls commands of the protocol that messages name. */
const COMMANDS: Readonly<Record<string, string>> = {
  'admin.activate': 'activate',
  'admin.fad': 'fad',
  'admin.jobs': 'trainings',
  'admin.rollback': 'rollback',
  'clip.list': 'clips',
  'dataset.list': 'datasets',
  'foley.generate': 'generate',
  'job.list': 'jobs',
  'stream.start': 'stream',
  'trash.list': 'trash',
  'voice.list': 'voices',
};

/** A message of the server in the words of the command line: `clip.list lists ...` -> `foleyd clips lists ...`. */
export function asCommands(message: string): string {
  return message.replace(/\b[a-z]+\.[a-z]+\b/g, (name) => {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    return command === undefined ? name : `foleyd ${command}`;
  });
}

/** Arguments of the protocol by the names that they have on the command line: `args.topK: ...` -> `--top-k: ...`. */
export function asOption(message: string, command: Command | null): string {
  return message.replace(/^args\.(\w+)/, (path, name: string) => {
    const option = command?.options.find((one) => one.attributeName() === name);
    const argument = command?.registeredArguments.find((one) => one.name() === name);
    return option?.long ?? (argument === undefined ? path : `<${name}>`);
  });
}
