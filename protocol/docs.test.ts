import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { docsText, written } from './docs.ts';
import { commandNames, commandOf, errorCodes, limits } from './index.ts';

for (const { file, text } of written) {
  test(`${file.pathname.split('/').at(-1)} says what the declarations say`, async () => {
    assert.equal(await readFile(file, 'utf8'), text());
  });
}

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
