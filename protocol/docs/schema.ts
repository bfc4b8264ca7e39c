import { commandNames, commandOf } from '../commands/index.ts';
import { type Schema, schemaOf } from './fields.ts';

/** Arguments and events of all commands as JSON Schema, for programs that make clients or check messages. */
export function schemaText(): string {
  const commands = commandNames.map((name) => {
    const { role, doc, args, events } = commandOf(name);
    const ofEvents = Object.entries(events).map(([event, data]) => [event, inJson(schemaOf(data, 'output'))]);
    const schema = { role, doc, args: inJson(schemaOf(args, 'input')), events: Object.fromEntries(ofEvents) };
    return `    ${JSON.stringify(name)}: ${JSON.stringify(schema)}`;
  });
  const about = 'Written by protocol/docs.ts from the declarations. Bytes are as in foley.v1.json.';
  return `{
  "$comment": ${JSON.stringify(about)},
  "dialect": "https://json-schema.org/draft/2020-12/schema",
  "commands": {
${commands.join(',\n')}
  }
}
`;
}

/** Bytes as JSON carries them, and no words that JSON Schema does not have. */
function inJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== 'object' || value === null) return value;
  if ((value as Schema).bytes === true) {
    const { description } = value as Schema;
    return { type: 'string', contentEncoding: 'base64', description };
  }
  const kept = Object.entries(value).filter(([key]) => key !== '$schema');
  return Object.fromEntries(kept.map(([key, inner]) => [key, inJson(inner)]));
}
