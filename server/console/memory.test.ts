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

interface Snapshot {
  snapshot: { meta: { node_fields: string[] } };
  nodes: number[];
  strings: string[];
}

/** Sizes of what the page holds after a collection, by what it is. */
async function held(devtools: CDPSession): Promise<{ name: string; bytes: number }[]> {
  const chunks: string[] = [];
  const put = ({ chunk }: { chunk: string }): void => void chunks.push(chunk);
  devtools.on('HeapProfiler.addHeapSnapshotChunk', put);
  await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  devtools.off('HeapProfiler.addHeapSnapshotChunk', put);
  const { snapshot, nodes, strings } = JSON.parse(chunks.join('')) as Snapshot;
  const fields = snapshot.meta.node_fields;
  const [name, size] = [fields.indexOf('name'), fields.indexOf('self_size')];
  return Array.from({ length: nodes.length / fields.length }, (_, i) => ({
    name: strings[nodes[i * fields.length + name]!]!,
    bytes: nodes[i * fields.length + size]!,
  }));
}

test('takes beyond those that are shown keep no samples, no mel and no canvas', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#watch');
  const devtools = await page.context().newCDPSession(page);
  await page.waitForSelector('.bar .primary:enabled');
  const card = (await stage.app.connect().call('voice.info', {})) as unknown as {
    card: { audio: { samples: number }; mel: { bins: number; frames: number } };
  };
  const { audio, mel } = card.card;
  const counts = async () => {
    const all = await held(devtools);
    const buffers = (bytes: number): number =>
      all.filter((one) => one.name === 'system / JSArrayBufferData' && one.bytes === bytes).length;
    return {
      sounds: buffers(4 * audio.samples),
      mels: buffers(mel.bins * mel.frames),
      canvases: all.filter(({ name }) => name === 'CanvasRenderingContext2D').length,
    };
  };
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
      [...document.querySelectorAll('.under')].every((one) => /complete/.test(one.textContent!)),
    );
  };
  /** What is on its way between the page's threads is held, too, for a moment; what leaks stays. */
  const settled = async (): Promise<number> => {
    for (let tries = 0; ; tries++) {
      const { canvases, ...rest } = await counts();
      if ((rest.sounds === KEPT && rest.mels === KEPT) || tries === 20) {
        assert.deepEqual(rest, { sounds: KEPT, mels: KEPT });
        return canvases;
      }
      await page.waitForTimeout(100);
    }
  };
  await make(3);
  const few = await settled();
  await make(4);
  const many = await settled();
  // Two of each take that is shown, and some that were not collected yet; 56 takes were made.
  assert.ok(few >= 2 * AT_ONCE && many <= 4 * AT_ONCE, `${few}, then ${many} canvases`);
  assert.deepEqual(complaints, []);
  await page.close();
});
