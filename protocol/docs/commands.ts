/** The chapters of PROTOCOL.md about commands: the index by noun, and each command with arguments, events and examples. */
import { jsonCodec } from '../codecs/json.ts';
import { isRequired } from '../codecs/osc-words.ts';
import type { Command, OscForm, OscReply } from '../commands/define.ts';
import { commandNames, commandOf } from '../commands/index.ts';
import { fieldRows } from './fields.ts';
import { code, paragraphs, table } from './markdown.ts';
import { anchorOf, withoutShared } from './shared.ts';

/** Links to all commands, by the noun that their names begin with. */
export function commandIndex(): string {
  const nouns = [...new Set(commandNames.map((name) => name.split('.')[0]!))];
  return nouns
    .map((noun) => {
      const own = commandNames.filter((name) => name.startsWith(`${noun}.`));
      return `- **${noun}**: ${own.map((name) => `[${name.slice(noun.length + 1)}](${anchorOf(name)})`).join(' · ')}`;
    })
    .join('\n');
}

/** A chapter per command, from its declaration. */
export function commandsText(): string {
  return paragraphs(...commandNames.map((name) => commandText(commandOf(name))));
}

function commandText(command: Command): string {
  const { name, role, doc } = command;
  return paragraphs(
    `### ${name}`,
    role === 'admin' ? `${doc} Needs the admin role.` : doc,
    argsText(command),
    ...eventsText(command),
    jsonText(command),
    command.osc === null ? 'No OSC form.' : oscText(command, command.osc),
    command.sound ? soundText(command) : command.http ? httpText(command) : 'No HTTP form.',
    fileText(command),
  );
}

function argsText({ args }: Command): string {
  const rows = withoutShared(fieldRows(args, 'input'));
  if (rows.length === 0) return 'No arguments.';
  return table(
    ['argument', 'type', 'default', 'meaning'],
    rows.map(({ name, type, otherwise, meaning }) => [
      `\`${name}\``,
      type,
      otherwise === '' ? 'required' : otherwise,
      meaning,
    ]),
  );
}

function eventsText({ events }: Command): string[] {
  return Object.entries(events)
    .filter(([event]) => event !== 'failed')
    .map(([event, data]) => {
      const rows = withoutShared(fieldRows(data, 'output')).map(({ name, type, otherwise, meaning }) => [
        `\`${name}\``,
        otherwise === '' ? type : `${type}, may be absent`,
        meaning,
      ]);
      return paragraphs(`Event \`${event}\`:`, table(['field', 'type', 'meaning'], rows));
    });
}

function jsonText({ name, example }: Command): string {
  const { id = 'bark1' } = example;
  const args = example.args as Record<string, unknown>;
  const answers = Object.entries<Record<string, unknown>>(example.events).map(
    ([event, data]) => `<- ${String(jsonCodec.encode({ id, event, data }))}`,
  );
  return paragraphs(
    'JSON:',
    code('text', [`-> ${String(jsonCodec.encodeRequest({ id, cmd: name, args }))}`, ...answers].join('\n')),
  );
}

function oscText(command: Command, form: OscForm): string {
  const named = form.args.map((arg) => {
    const schema = command.args.shape[arg];
    const required = form.id === 'target' || (schema !== undefined && isRequired(schema));
    return required ? arg : `[${arg}]`;
  });
  const head = [
    form.address,
    ...(form.id === 'own' ? ['id'] : []),
    ...named,
    ...(form.pairs ? ['[key value ...]'] : []),
  ];
  const replies = Object.values(form.replies).flat().map(replyText);
  const fixed = Object.entries(form.fixed).map(([key, value]) => `\`${key}\` is ${JSON.stringify(value)}`);
  const example = form.example.map((arg) => (typeof arg === 'string' ? `"${arg}"` : arg));
  return paragraphs(
    'OSC:',
    code('text', [`-> ${head.join(' ')}`, ...replies].join('\n')),
    fixed.length === 0 ? '' : `Over OSC ${fixed.join(', ')}.`,
    `Example: \`${[form.address, ...example].join(' ')}\``,
  );
}

function replyText({ address, args, each, atLeast, named }: OscReply): string {
  const fields = args.map((arg) => {
    const [field = '', type] = arg.split(':');
    const short = field.replace(/^.*\.(?=[a-z]+$)/, '');
    return type === '*' ? `${field.split('.')[0]}...` : type === '?' ? `[${short}]` : short;
  });
  if (named !== undefined) fields.push('name', 'value');
  const of = each ?? (named === undefined ? null : `${named.join(', ')} in the event`);
  const when = of === null ? '' : `   (one for each of ${of}${atLeast === undefined ? '' : `, from ${atLeast} on`})`;
  return `<- ${[address, ...fields].join(' ')}${when}`;
}

/** What a command of the admin role needs beside its arguments; Roles says where it comes from. */
function secretOf(role: Command['role']): string {
  return role === 'admin' ? '-H "Authorization: Bearer $SECRET" ' : '';
}

function fileText({ name, role, file }: Command): string {
  if (file === null) return '';
  const url = `http://127.0.0.1:9247/v1/${name}`;
  return paragraphs(
    file === 'out' ? 'HTTP, the file itself; `Range` is honoured:' : 'HTTP, the file itself as the body:',
    code(
      'sh',
      file === 'out'
        ? `curl -O -J ${secretOf(role)}'${url}?voice=mine'`
        : `curl -T mine.foleyvoice ${secretOf(role)}'${url}?as=mine'`,
    ),
  );
}

function soundText({ name, role, example }: Command): string {
  const ask = `curl -sN ${secretOf(role)}-d '${JSON.stringify(example.args)}' http://127.0.0.1:9247/v1/${name}`;
  const raw = ask.replace('-sN', "-sN -H 'Accept: application/octet-stream'");
  return paragraphs(
    'HTTP, the sound itself as it is made, as a WAV without a length or as bare samples, until it ends or the client leaves:',
    code('sh', `${ask} | ffplay -nodisp -\n${ask} | sox -t wav - rain.flac\n${raw} > rain.f32`),
    'Its headers are `Foleyd-Stream` (its id, for the commands that change it), `Foleyd-Seed`, `Foleyd-Class`, `Foleyd-Rate` (Hz) and `Foleyd-Format`. Samples are little-endian. What fails before it begins is answered as JSON; a stream that breaks off lacks the last chunk of its transfer coding.',
  );
}

function httpText({ name, role, example }: Command): string {
  const body = JSON.stringify(example.args);
  return paragraphs('HTTP:', code('sh', `curl ${secretOf(role)}-d '${body}' http://127.0.0.1:9247/v1/${name}`));
}
