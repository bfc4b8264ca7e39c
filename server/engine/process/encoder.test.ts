import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { copyOf, voiceDir } from '../fixtures.ts';
import { VoiceEncoder } from '../inference/encoder.ts';
import { EncoderProcess } from './encoder.ts';

const pcm = Float32Array.from({ length: 6144 }, (_, i) => 0.4 * Math.sin(i * i * 1e-4));

function process(t: TestContext, options: { idleMs?: number } = {}): EncoderProcess {
  const encoder = new EncoderProcess(options);
  t.after(() => encoder.close());
  return encoder;
}

test('a process of its own gives the codes that the encoder gives here', async (t) => {
  const encoder = process(t);
  assert.equal(encoder.pid, null, 'nobody has asked yet');
  const here = await VoiceEncoder.open(voiceDir('tiny'));
  t.after(() => here.close());
  const [first, second] = await Promise.all([
    encoder.encode(voiceDir('tiny'), pcm, 22050),
    encoder.encode(voiceDir('tiny-time'), pcm, 22050),
  ]);
  assert.deepEqual(first, await here.encode(pcm, 22050));
  assert.notDeepEqual(second, first);
});

test('a broken voice fails its recording with a code, the next one goes on; an idle process leaves', async (t) => {
  const encoder = process(t, { idleMs: 50 });
  const { dir, remove } = copyOf('tiny');
  t.after(remove);
  writeFileSync(path.join(dir, 'encoder.onnx'), 'no graph');
  await assert.rejects(encoder.encode(dir, pcm, 22050), { code: 'voice_corrupt' });
  await assert.rejects(encoder.encode(path.join(dir, 'nothing'), pcm, 22050), { code: 'voice_missing' });
  assert.equal((await encoder.encode(voiceDir('tiny'), pcm, 22050)).length, 48);
  while (encoder.pid !== null) await wait(10);
  assert.equal((await encoder.encode(voiceDir('tiny'), pcm, 22050)).length, 48);
});

test('a process that is killed fails what it had, closing fails the rest', async (t) => {
  const encoder = process(t);
  const lost = encoder.encode(voiceDir('tiny'), pcm, 22050);
  globalThis.process.kill(encoder.pid!, 'SIGKILL');
  await assert.rejects(lost, { code: 'engine_crashed' });
  const open = encoder.encode(voiceDir('tiny'), pcm, 22050);
  const closed = encoder.close();
  await assert.rejects(open, { code: 'engine_unavailable' });
  await closed;
  await assert.rejects(encoder.encode(voiceDir('tiny'), pcm, 22050), { code: 'engine_unavailable' });
});
