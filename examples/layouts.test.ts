import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { commandMethods } from '../protocol/index.ts';
import { example } from './test/stage.ts';

interface Widget {
  type: string;
  id: string;
  address?: string;
  mode?: string;
  on?: unknown;
  preArgs?: unknown;
  target?: string;
  bypass?: boolean;
}

test('the session of Open Stage Control has whole widgets, and each sends to foleyd or nowhere', async () => {
  const session = JSON.parse(await readFile(example('open-stage-control/foleyd.json'), 'utf8')) as {
    type: string;
    content: { type: string; widgets: Widget[] };
  };
  assert.deepEqual([session.type, session.content.type], ['session', 'root']);
  const { widgets } = session.content;
  assert.equal(new Set(widgets.map(({ id }) => id)).size, widgets.length, 'ids are unique');
  const known = new Set(commandMethods().map(({ method }) => method.FULL_PATH));
  for (const { type, id, address = '', mode, target, bypass } of widgets) {
    assert.ok(['button', 'fader', 'text'].includes(type), id);
    if (type === 'button') {
      assert.ok(mode === 'tap' || mode === 'momentary', id);
      assert.ok(known.has(address), `${id}: ${address}`);
      assert.equal(target, '127.0.0.1:9248', id);
    } else assert.equal(bypass, true, `${id} sends nothing`);
  }
  // What is named in @{} is there.
  const named = [...JSON.stringify(widgets).matchAll(/@\{(\w+)\}/g)].map((match) => match[1]);
  for (const name of named)
    assert.ok(
      widgets.some(({ id }) => id === name),
      name,
    );
  assert.ok(named.length > 0);
});
