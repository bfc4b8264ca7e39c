import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { Ajv } from 'ajv';
import { jsonCodec } from './codecs/json.ts';
import { schemaText } from './docs/schema.ts';
import { anchorOf } from './docs/shared.ts';
import { docsText, written } from './docs.ts';
import { commandNames, commandOf, errorCodes, limits } from './index.ts';

for (const { file, text } of written) {
  test(`${file.pathname.split('/').at(-1)} says what the declarations say`, async () => {
    assert.equal(await readFile(file, 'utf8'), text());
  });
}

test('every link leads to a chapter', () => {
  const text = docsText();
  const chapters = new Set([...text.matchAll(/^#{2,3} (.+)$/gm)].map(([, title]) => anchorOf(title!)));
  const links = [...text.matchAll(/\]\((#[^)]+)\)/g)].map(([, link]) => link!);
  assert.ok(links.length > commandNames.length);
  assert.deepEqual(
    links.filter((link) => !chapters.has(link)),
    [],
  );
});

test('the examples of all commands are what their JSON Schema says, and an argument of another name is not', () => {
  const { commands } = JSON.parse(schemaText());
  for (const name of commandNames) {
    const { example } = commandOf(name);
    const { args, events } = commands[name];
    const check = (schema: object, value: unknown): boolean => new Ajv({ strict: false }).validate(schema, value);
    const inJson = (value: unknown): unknown =>
      JSON.parse(String(jsonCodec.encode({ id: '1', event: 'e', data: value as never }))).data;
    assert.ok(check(args, inJson(example.args)), name);
    assert.ok(!check(args, { ...(example.args as object), misspelt: 1 }), name);
    for (const [event, data] of Object.entries(example.events))
      assert.ok(check(events[event], inJson(data)), `${name} ${event}`);
  }
});

test('every command, argument, event, OSC address, error and limit is in it', () => {
  const text = docsText();
  const words = commandNames.flatMap((name) => {
    const { args, events, osc } = commandOf(name);
    const replies = Object.values(osc?.replies ?? {}).flat();
    const addresses = osc === null ? [] : [osc.address, ...replies.map(({ address }) => address)];
    return [
      `### ${name}`,
      ...Object.keys(args.shape).map((arg) => `\`${arg}\``),
      ...Object.keys(events).map((event) => `\`${event}\``),
      ...addresses,
    ];
  });
  for (const word of [...words, ...[...errorCodes, ...Object.keys(limits)].map((name) => `\`${name}\``)]) {
    assert.ok(text.includes(word), word);
  }
});
