import assert from 'node:assert/strict';
import test from 'node:test';
import { SoundAssembler } from './client-audio.ts';
import { encodePcm } from './index.ts';

const chunk = (offset: number, total: number, samples: number[], channels = 1) => ({
  index: 0,
  offset,
  total,
  rate: 8000,
  channels,
  format: 'f32' as const,
  pcm: encodePcm(new Float32Array(samples), 'f32'),
});

test('chunks in order make the clip, whatever its channels', () => {
  const sounds = new SoundAssembler();
  sounds.add(chunk(0, 3, [1, 2, 3, 4], 2));
  sounds.add(chunk(2, 3, [5, 6], 2));
  assert.deepEqual(sounds.take(0), { rate: 8000, channels: 2, pcm: new Float32Array([1, 2, 3, 4, 5, 6]) });
  assert.equal(sounds.take(0), null, 'it is handed over once');
  sounds.add(chunk(0, 0, []));
  assert.equal(sounds.take(0)?.pcm.length, 0);
});

test('sound that does not fit together is malformed', () => {
  const wrong: [string, ReturnType<typeof chunk>[]][] = [
    ['a hole', [chunk(0, 4, [1]), chunk(2, 4, [1, 1])]],
    ['twice', [chunk(0, 2, [1]), chunk(0, 2, [1])]],
    ['too long', [chunk(0, 1, [1, 1])]],
    ['too short', [chunk(0, 3, [1, 1])]],
    ['a total that nobody could hold', [chunk(0, 1e15, [1])]],
    ['an offset below 0', [chunk(-1, 2, [1])]],
    ['no channels', [chunk(0, 2, [1], 0)]],
  ];
  for (const [name, chunks] of wrong) {
    const sounds = new SoundAssembler();
    const listen = () => {
      for (const data of chunks) sounds.add(data);
      sounds.take(0);
    };
    assert.throws(listen, { name: 'ProtocolError', code: 'malformed' }, name);
  }
});
