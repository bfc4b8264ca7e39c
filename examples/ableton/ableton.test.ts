import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPython } from '../../scripts/python.mjs';
import { assertSound, example, stage } from '../test/stage.ts';

const found = await findPython();
const skip = 'why' in found ? found.why : false;
const [python = '', ...args] = 'command' in found ? found.command : [];

test('the remote script, with a stub of Live, fills slots of an audio track', { skip }, async (t) => {
  const { run, server } = await stage(t);
  // No compiled files beside the sources.
  const play = (...notes: string[]) => run(python, [...args, '-B', example('ableton/stub_live.py'), ...notes]);
  const output = await play('36', '37', '38', '0', '36');
  const clips = [...output.matchAll(/^slot (\d): (\S+\.wav) (\d+) (\d+)$/gm)];
  assert.deepEqual(
    clips.map(([, slot, , frames, rate]) => [slot, frames, rate]),
    [
      ['0', '6144', '22050'],
      ['1', '6144', '22050'],
    ],
  );
  for (const [, , file = ''] of clips) await assertSound(file);
  assert.match(output, /^foleyd: no slot is empty below the selected one$/m);
  assert.match(output, /^foleyd: select a slot of an audio track$/m);

  const answer = await fetch(`${server.http}/v1/clip.list`, { method: 'POST', body: '{"starred":true}' });
  const { data } = (await answer.json()) as { data: { total: number } };
  assert.ok(data.total >= 2, 'clips that a set refers to stay');

  assert.match(await play('51'), /^foleyd: unknown_class: /m);
});
