import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fixtures, request, voiceDir } from '../fixtures.ts';
import { generateClip } from './generate-clip.ts';
import { Voice } from './voice.ts';

for (const name of fixtures) {
  const opened = Voice.open(voiceDir(name), { provider: 'cpu', threads: 1 });
  after(async () => (await opened).close());
  const make = async (change: Parameters<typeof request>[1]) =>
    generateClip(
      await opened,
      request(name, change),
      () => undefined,
      () => false,
    );

  test(`${name}: a clip that starts with every code given is that clip, codes and samples`, async () => {
    const whole = await make({ seed: 5 });
    const again = await make({
      seed: 5,
      start: { codes: whole.codes, given: new Uint8Array(whole.codes.length).fill(1) },
    });
    assert.deepEqual(again.codes, whole.codes);
    assert.deepEqual(again.pcm, whole.pcm);
  });

  test(`${name}: given cells keep their codes, the others are drawn as their seed says`, async () => {
    const [a, b] = [await make({ seed: 5 }), await make({ seed: 6 })];
    const half = a.codes.length >> 1;
    const given = Uint8Array.from(a.codes, (_, cell) => (cell < half ? 1 : 0));
    const mixed = await make({ seed: 6, start: { codes: a.codes, given } });
    assert.deepEqual(mixed.codes.slice(0, half), a.codes.slice(0, half));
    assert.deepEqual((await make({ seed: 6, start: { codes: mixed.codes, given } })).codes, mixed.codes);
    const none = await make({ seed: 6, start: { codes: a.codes, given: new Uint8Array(a.codes.length) } });
    assert.deepEqual(none.codes, b.codes);
  });

  test(`${name}: a latent grid goes there and back`, async () => {
    const { axes } = await opened;
    const codes = Uint16Array.from({ length: axes.rows * axes.perRow }, (_, cell) => cell % 16);
    assert.deepEqual(axes.fromLatent(axes.toLatent(codes)), codes);
  });
}

test('what does not fit the grid is refused', async () => {
  const voice = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  const cells = voice.axes.rows * voice.axes.cols;
  const refused = (start: { codes: Uint16Array; given: Uint8Array }) =>
    assert.rejects(
      generateClip(
        voice,
        request('tiny', { start }),
        () => undefined,
        () => false,
      ),
      { code: 'engine_failed' },
    );
  await refused({ codes: new Uint16Array(cells - 1), given: new Uint8Array(cells) });
  await refused({ codes: new Uint16Array(cells), given: new Uint8Array(cells + 1) });
  await refused({ codes: new Uint16Array(cells).fill(16), given: new Uint8Array(cells).fill(1) });
  await voice.close();
});
