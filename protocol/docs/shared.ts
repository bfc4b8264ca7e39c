import { commandNames, commandOf } from '../commands/index.ts';
import { type FieldRow, fieldRows } from './fields.ts';
import { paragraphs, table } from './markdown.ts';

/** Maps are printed once where so many commands have them, or they have so many fields. */
const MANY_COMMANDS = 3;
const MANY_FIELDS = 4;

interface Shared {
  rows: FieldRow[];
  commands: Set<string>;
}

/** By the name of the map. */
const shared = findShared();

/** The rows of a table, without those of maps that `sharedText` prints. */
export function withoutShared(rows: readonly FieldRow[]): FieldRow[] {
  return byTop(rows).flatMap(([top, [first, ...inner]]) =>
    shared.get(top)?.key === keyOf(inner)
      ? [{ ...first!, meaning: `${first!.meaning} ([its fields](#fields-of-${top.toLowerCase()}))`.trim() }]
      : [first!, ...inner],
  );
}

/** A chapter of the maps that several commands take or give. */
export function sharedText(): string {
  const sections = [...shared].map(([top, { rows, commands }]) =>
    paragraphs(
      `### Fields of ${top}`,
      `Of ${[...commands].map((name) => `[${name}](${anchorOf(name)})`).join(', ')}.`,
      table(
        ['field', 'type', 'default', 'meaning'],
        rows.map(({ name, type, otherwise, meaning }) => [
          `\`${name}\``,
          type,
          otherwise === '' ? 'always there' : otherwise,
          meaning,
        ]),
      ),
    ),
  );
  return paragraphs('## Shared fields', 'Maps that several commands take or give in the same form.', ...sections);
}

/** Where a command's chapter is, as GitHub and others name it. */
export function anchorOf(name: string): string {
  return `#${name
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')}`;
}

function findShared(): Map<string, Shared & { key: string }> {
  const found = new Map<string, Shared & { top: string }>();
  for (const name of commandNames) {
    const { args, events } = commandOf(name);
    const all = [fieldRows(args, 'input')];
    for (const [event, data] of Object.entries(events)) if (event !== 'failed') all.push(fieldRows(data, 'output'));
    for (const [top, [, ...rows]] of all.flatMap(byTop)) {
      const key = `${top} ${keyOf(rows)}`;
      const known = found.get(key) ?? { top, rows, commands: new Set() };
      known.commands.add(name);
      found.set(key, known);
    }
  }
  const named = new Map<string, Shared & { key: string }>();
  for (const { top, rows, commands } of found.values()) {
    const isShared = commands.size >= MANY_COMMANDS || (commands.size > 1 && rows.length >= MANY_FIELDS);
    // Of two maps of one name the other is printed where it is used.
    if (rows.length > 1 && isShared && !named.has(top)) named.set(top, { rows, commands, key: keyOf(rows) });
  }
  return named;
}

/** Rows by the field at the top that they belong to. */
function byTop(rows: readonly FieldRow[]): [string, FieldRow[]][] {
  const found = new Map<string, FieldRow[]>();
  for (const row of rows) {
    const top = row.name.split(/[.[]/)[0]!;
    found.set(top, [...(found.get(top) ?? []), row]);
  }
  return [...found];
}

function keyOf(rows: readonly FieldRow[]): string {
  return JSON.stringify(rows);
}
