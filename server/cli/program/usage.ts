/** Order of the command's help, and the hint at the end of usage errors. */
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
    if (word.startsWith('-') || at.commands.length === 0) return;
    const next = at.commands.find((one) => one.name() === word);
    if (next !== undefined) at = next;
    else if (at === program) return;
    else {
      const names = at
        .createHelp()
        .visibleCommands(at)
        .map((one) => one.name());
      at.error(`error: unknown command '${word}'; expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`);
    }
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

/** Arguments of the protocol that are typed under another name: one option or argument, or several of which one was given. */
const TYPED: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> = {
  activate: { voice: 'ID' },
  clips: { clip: 'clips', text: '--search' },
  datasets: { dataset: ['--delete', '--remove'] },
  'deliver on': { starred: '--what' },
  jobs: { job: ['--pause', '--resume', '--move', '--cancel'] },
  play: { clip: 'CLIPS' },
  retrain: { voice: '--as', dataset: '--dataset', datasets: '--dataset', job: '--attach' },
  spot: { sheet: 'SHEET' },
  trainings: { job: ['--pause', '--resume', '--cancel'] },
  'trash empty': { id: 'IDS' },
  'trash restore': { clip: 'IDS', dataset: 'IDS', voice: 'IDS' },
  vary: { clip: 'what', recording: 'what' },
  'voice compare': { voices: 'IDS' },
  'voice delete': { voice: 'ID' },
  'voice export': { voice: 'ID' },
};

/** Fields below an argument, as a person calls them. */
const FIELDS: Readonly<Record<string, string>> = { at: 'time', hz: 'frequency' };
/** Fields that nobody names, since they follow from how the value is written. */
const IMPLIED: ReadonlySet<string> = new Set(['points', 'cues', 'clip']);

/**
 * Arguments of the protocol by the names that they have on the command line: `args.topK: ...` -> `--top-k: ...`,
 * `args.envelope.cues.1.at: ...` -> `--envelope, entry 2, time: ...`.
 */
export function asOption(message: string, command: Command | null): string {
  if (command === null) return message;
  return message.replace(/^args\.(?:settings\.)?(.+?)(?=: )/, (path, place: string) => {
    const [name = '', ...below] = place.split('.');
    const typed = typedAs(name, command);
    if (typed === null) return path;
    const said = below.map((part) => (/^\d+$/.test(part) ? `entry ${Number(part) + 1}` : (FIELDS[part] ?? part)));
    return [typed, ...said.filter((_, i) => !IMPLIED.has(below[i] ?? ''))].join(', ');
  });
}

/** `--option` or `<argument>`; null where the command has none for it. */
function typedAs(name: string, command: Command): string | null {
  const words = [];
  for (let at = command; at.parent !== null; at = at.parent) words.unshift(at.name());
  const own = TYPED[words.join(' ')];
  const others = own !== undefined && Object.hasOwn(own, name) ? [own[name] ?? []].flat() : [];
  const options = command.options.filter((one) => others.includes(one.long ?? '') || one.attributeName() === name);
  const option = options.find((one) => command.getOptionValue(one.attributeName()) !== undefined) ?? options[0];
  const argument = command.registeredArguments.find((one) => others.includes(one.name()) || one.name() === name);
  return option?.long ?? (argument === undefined ? null : `<${argument.name()}>`);
}
