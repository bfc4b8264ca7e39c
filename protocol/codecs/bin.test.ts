import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBin } from '../commands/define.ts';
import { commandNames, commandOf } from '../commands/index.ts';
import { bin } from './bin.ts';

test('the byte fields that clients know are those that commands declare', () => {
  for (const name of commandNames) {
    for (const [event, schema] of Object.entries(commandOf(name).events)) {
      const declared = Object.entries(schema.shape).flatMap(([field, type]) => (isBin(type) ? [field] : []));
      const known = bin.fields(event).filter((field) => field in schema.shape);
      assert.deepEqual(known, declared, `${event} of ${name}`);
    }
  }
  assert.deepEqual(bin.fields('constructor'), []);
});
