import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { test } from 'node:test';
import { assertSound, example, lacks, stage } from '../test/stage.ts';

/** Sonic Pi's port is always this one, so the test needs it. */
const isFree = await new Promise<boolean>((resolve) => {
  const socket = dgram.createSocket('udp4');
  socket.once('error', () => resolve(false));
  socket.bind(4560, '127.0.0.1', () => socket.close(() => resolve(true)));
});
const skip = lacks('ruby') || (isFree ? false : 'another program uses port 4560, perhaps Sonic Pi');

test('foley.rb, in Ruby with a stub of Sonic Pi, plays clips and fires hits', { skip }, async (t) => {
  const { run } = await stage(t);
  const output = await run('ruby', [example('sonic-pi/stub_sonic_pi.rb'), example('sonic-pi/foley.rb')]);
  const samples = [...output.matchAll(/^sample: (.+)$/gm)].map((match) => match[1] ?? '');
  assert.equal(new Set(samples).size, 2, output);
  for (const file of samples) await assertSound(file);
  assert.match(output, /^cue: \/foley\/played sonicpi /m);
});
