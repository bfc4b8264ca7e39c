/** A page that is left open: takes that are not shown any more keep neither sound nor pictures. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CDPSession } from 'playwright-core';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();
/** Takes that a page keeps, and those of one request. */
const [KEPT, AT_ONCE] = [16, 8];

before(async () => {
  if (noBrowser === false) await stage.open({ voice: 'tiny-stacked' });
});
after(() => stage.close());

/** Objects of the page that are alive after a collection, and for which `isMeant` holds. */
async function alive(devtools: CDPSession, type: string, isMeant: string): Promise<number> {
  const { result } = await devtools.send('Runtime.evaluate', { expression: `${type}.prototype` });
  const { objects } = await devtools.send('Runtime.queryObjects', { prototypeObjectId: result.objectId! });
  const { result: count } = await devtools.send('Runtime.callFunctionOn', {
    objectId: objects.objectId!,
    functionDeclaration: `function () { return this.filter((one) => ${isMeant}).length; }`,
    returnByValue: true,
  });
  return count.value as number;
}

test('takes beyond those that are shown keep no samples, no mel and no canvas', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#watch');
  const devtools = await page.context().newCDPSession(page);
  await page.waitForSelector('.bar .primary:enabled');
  const card = (await stage.app.connect().call('voice.info', {})) as unknown as {
    card: { audio: { samples: number }; mel: { bins: number; frames: number } };
  };
  const { audio, mel } = card.card;
  const counts = async () => ({
    sounds: await alive(devtools, 'Float32Array', `one.length === ${audio.samples}`),
    mels: await alive(devtools, 'Uint8Array', `one.length === ${mel.bins * mel.frames}`),
    canvases: await alive(devtools, 'HTMLCanvasElement', 'true'),
  });
  const make = async (requests: number): Promise<void> => {
    for (let n = 0; n < requests; n++) {
      await page.click('.bar .primary');
      await page.waitForFunction(
        () =>
          document.querySelectorAll('figure').length === 8 &&
          [...document.querySelectorAll('.said')].every(({ textContent }) => textContent!.startsWith('seed')),
      );
    }
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.under')].every((one) => /whole/.test(one.textContent!)),
    );
  };
  await make(3);
  const first = await counts();
  assert.equal(first.sounds, KEPT);
  assert.equal(first.mels, KEPT);
  assert.ok(first.canvases >= 2 * AT_ONCE, `${first.canvases} canvases`);
  await make(4);
  assert.deepEqual(await counts(), first);
  assert.deepEqual(complaints, []);
  await page.close();
});
