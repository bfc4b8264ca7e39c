/** What holds for every view: nothing moves by itself, everybody can use it, and only the first is fetched before the page can be used. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noBrowser, Stage } from './test/browser.ts';
import { recordShifts, shiftsOf } from './test/shifts.ts';

const stage = new Stage();
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SIZES = [
  { width: 390, height: 800 },
  { width: 1280, height: 800 },
  { width: 3840, height: 2160 },
];
const VIEWS = ['play', 'watch', 'choose', 'machine', 'teach'];
/** Of what each view has when it is complete. */
const COMPLETE: Record<string, string> = {
  play: '.map',
  watch: '.bar .primary:enabled',
  choose: '.halves .well',
  machine: '.machine td',
  teach: '.teach .voice',
};

before(async () => {
  if (noBrowser !== false) return;
  await stage.open({ voice: 'tiny-stacked' });
  const client = stage.app.connect('admin');
  for (const seed of [1, 2, 3, 4])
    await client.call('foley.generate', { class: 'Hiss', seed, save: true, audio: false });
  const gone = (await client.call('foley.generate', { class: 'Thud', seed: 5, save: true, audio: false })) as {
    clip: string;
  };
  await client.call('clip.delete', { clip: gone.clip });
  await client.call('trigger.map', { id: 'pad1', class: 'Beep', source: { note: 40 } });
});
after(() => stage.close());

/** Goes to a view as no hand does: what moves within half a second of a key or a click counts as its effect. */
async function show(page: Page, view: string): Promise<void> {
  await page.evaluate((id) => (location.hash = id), view);
  await page.waitForSelector(COMPLETE[view]!);
  // What comes late would have come, and what fades in is there.
  await page.waitForTimeout(400);
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
}

test('nothing moves while the page loads, in any view', { skip: noBrowser }, async () => {
  for (const viewport of SIZES)
    for (const view of VIEWS) {
      const { page } = await stage.page(`/#${view}`, { viewport }, recordShifts);
      await page.waitForSelector(COMPLETE[view]!);
      await page.waitForTimeout(400);
      const { sum, worst } = await shiftsOf(page);
      assert.ok(sum < 0.02, `${view}, ${viewport.width} px: ${sum}, ${worst}`);
      await page.close();
    }
});

test('nothing moves while rows arrive and views are changed', { skip: noBrowser }, async () => {
  for (const viewport of SIZES) {
    const { page } = await stage.page('/#play', { viewport }, recordShifts);
    await page.waitForSelector('.map');
    await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'q', bubbles: true })));
    await page.waitForSelector('.take[data-state=done]');
    await show(page, 'watch');
    await page.evaluate(() => document.querySelector<HTMLButtonElement>('.bar .primary')!.click());
    await page.waitForFunction(() => document.querySelectorAll('figure').length === 8);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('figcaption')].every(({ textContent }) => textContent!.includes('seed')),
    );
    for (const view of ['choose', 'machine', 'teach', 'play']) await show(page, view);
    const { sum, worst } = await shiftsOf(page);
    assert.ok(sum < 0.02, `${viewport.width} px: ${sum}, ${worst}`);
    await page.close();
  }
});

test('nobody finds a serious fault of access in any view, dark or light, at any size', {
  skip: noBrowser,
}, async () => {
  for (const viewport of SIZES)
    for (const colorScheme of ['dark', 'light'] as const) {
      const { page } = await stage.page('/', { colorScheme, viewport });
      await page.waitForSelector('.map');
      await page.keyboard.press('q');
      await page.waitForSelector('.take[data-state=done]');
      // The page's own policy would refuse it as a script tag.
      await page.evaluate(await readFile(axe, 'utf8'));
      for (const view of VIEWS) {
        await show(page, view);
        const where = `${view}, ${colorScheme}, ${viewport.width} px`;
        assert.deepEqual(await seriousFaults(page), [], where);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wider <= 0, `${where}: ${wider} px wider than the window`);
      }
      await page.close();
    }
});

test('every field has a name that a screen reader says', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/');
  await page.waitForSelector('.map');
  await page.keyboard.press('q');
  await page.waitForSelector('.take[data-state=done]');
  for (const view of VIEWS) {
    await show(page, view);
    const nameless = await page.evaluate(() =>
      Array.from(document.querySelectorAll<HTMLInputElement>('main input, main select, main textarea'))
        // A label is that of the first field in it, and an output counts as one.
        .filter((field) => field.type !== 'hidden' && (field.labels?.length ?? 0) === 0)
        .filter((field) => !field.hasAttribute('aria-label') && !field.hasAttribute('aria-labelledby'))
        .map(({ outerHTML }) => outerHTML),
    );
    assert.deepEqual(nameless, [], view);
  }
  await page.close();
});

test('clips of one press are shown in the order in which they are made', { skip: noBrowser }, async () => {
  // On a busy machine all eight may arrive between two looks of the page, which says nothing of their order.
  for (let tries = 5, inOrder = false; !inOrder; tries--) {
    assert.ok(tries > 0, 'no page showed the first clip before the last one');
    const { page } = await stage.page('/#watch', { viewport: { width: 360, height: 780 } });
    await page.waitForSelector('button:has-text("Eight at once")');
    const looking = page.evaluate(async () => {
      const out: number[][] = [];
      const said = (): string[] => Array.from(document.querySelectorAll('figcaption .said'), (one) => one.textContent!);
      while (said().filter((text) => text.startsWith('seed')).length < 8) {
        out.push(Array.from(document.querySelectorAll('.wall .rows'), (one) => Number(one.ariaValueNow)));
        await new Promise((go) => setTimeout(go, 2));
      }
      return out;
    });
    await page.click('button:has-text("Eight at once")');
    const seen = (await looking).filter(({ length }) => length === 8);
    for (const rows of seen) assert.ok(rows[0]! >= rows[7]!, rows.join());
    inOrder = seen.some((rows) => rows[0]! > rows[7]!);
    await page.close();
  }
});

async function seriousFaults(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    interface Violation {
      id: string;
      impact: string;
      nodes: { html: string; failureSummary: string }[];
    }
    const { axe: run } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    const { violations } = await run.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
  });
}

test('other views are fetched after the page can be used, and are there without the server', {
  skip: noBrowser,
}, async () => {
  const { page } = await stage.page('/#play');
  await page.waitForSelector('.map');
  const scripts = () =>
    page.evaluate(() => {
      const [usable] = performance.getEntriesByName('usable');
      const all = performance.getEntriesByType('resource').filter(({ name }) => /\/assets\/.*\.js$/.test(name));
      return {
        before: all.filter(({ startTime }) => startTime < usable!.startTime).map(({ name }) => name),
        after: all.filter(({ startTime }) => startTime >= usable!.startTime).map(({ name }) => name),
      };
    });
  for (let tries = 0; tries < 200 && (await scripts()).after.length < 4; tries++) await page.waitForTimeout(50);
  const { before: first, after: later } = await scripts();
  for (const view of ['Watch', 'Choose', 'Machine', 'Teach']) {
    assert.ok(!first.some((name) => name.includes(`/${view}-`)), `${view} is fetched at first`);
    assert.ok(
      later.some((name) => name.includes(`/${view}-`)),
      `${view} is not fetched`,
    );
  }
  await page.waitForTimeout(200);
  await stage.app.close();
  await page.waitForSelector('.link[data-state=lost]');
  await page.click('nav a:has-text("Watch")');
  await page.waitForSelector('h2:has-text("Watch clips being generated")');
  await stage.serve();
  await page.waitForSelector('.link[data-state=open]');
  await page.close();
});

test('a take that was chosen before is shown whole when the view is visited again', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#choose');
  await page.waitForSelector('.halves pre');
  await page.click('.scroll li:nth-child(3) .line');
  await page.waitForSelector('.scroll li:nth-child(3).selected');
  await page.waitForSelector('.halves:not([inert])');
  const request = await page.textContent('.halves pre');
  await page.click('nav a:has-text("Machine")');
  await page.waitForSelector('.machine');
  await page.click('nav a:has-text("Choose")');
  await page.waitForSelector('.halves:not([inert]) pre');
  assert.equal(await page.textContent('.halves pre'), request);
  assert.deepEqual(complaints, []);
  await page.close();
});
