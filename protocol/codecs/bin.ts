import { binFieldsOf } from '../commands/define.ts';
import { commandNames, commandOf } from '../commands/index.ts';

/**
 * Byte fields per event name, from the declarations. An answer does not name its command, so a field must be bytes in
 * all commands or in none.
 */
const fields = new Map<string, string[]>();
for (const name of commandNames) {
  for (const [event, schema] of Object.entries(commandOf(name).events)) {
    const known = fields.get(event) ?? [];
    fields.set(event, [...new Set([...known, ...binFieldsOf(schema)])]);
  }
}

export const bin = { fields: (event: string): readonly string[] => fields.get(event) ?? [] };
