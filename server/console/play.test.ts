/** Playing in a real browser, against a real server with a small voice. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

before(async () => {
  if (noBrowser === false) await stage.open({}, true);
});
after(() => stage.close());

const done = (page: Page, count: number) =>
  page.waitForFunction((n) => document.querySelectorAll('.take[data-state=done]').length >= n, count);

test('a pad makes a take: its grid and its mel are drawn, and it sounds', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page();
  await page.keyboard.press('q');
  await done(page, 1);
  const drawn = await page.waitForFunction(() => {
    const seen = [...document.querySelectorAll<HTMLCanvasElement>('.take canvas')].map((canvas) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
      return { width, height, colours: new Set(new Uint32Array(data.buffer)).size };
    });
    return seen.length === 2 && seen.every(({ colours }) => colours > 10) ? seen : null;
  });
  const [grid, mel] = (await drawn.jsonValue())!;
  assert.deepEqual([grid!.width, grid!.height, mel!.width, mel!.height], [6, 8, 24, 80]);
  assert.match((await page.textContent('.take'))!, /Dog bark/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a running job is taken up again when the server is back', { skip: noBrowser }, async () => {
  const { page } = await stage.page();
  await stage.app.close();
  await page.waitForSelector('.link[data-state=lost]');
  await page.keyboard.press('w');
  assert.match((await page.textContent('.take'))!, /waits for the server/);
  await stage.serve();
  await page.waitForSelector('.link[data-state=open]');
  await done(page, 1);
  await page.close();
});

test('a reload takes up what was asked for before it', { skip: noBrowser }, async () => {
  const { page } = await stage.page();
  await page.evaluate(() =>
    sessionStorage.setItem(
      'foleyd.running',
      JSON.stringify([{ making: { cmd: 'foley.generate', args: { class: 'Rain' } }, job: 'gone', count: 1 }]),
    ),
  );
  await page.reload();
  await page.waitForSelector('.take[data-state=lost]');
  assert.match((await page.textContent('.take'))!, /started anew/);
  await page.close();
});

test('nobody finds a serious fault of access in any view, dark or light', { skip: noBrowser }, async () => {
  for (const colorScheme of ['dark', 'light'] as const) {
    const { page } = await stage.page('/', { colorScheme, viewport: { width: 390, height: 800 } });
    await page.keyboard.press('q');
    await done(page, 1);
    // The page's own policy would refuse it as a script tag.
    await page.evaluate(await readFile(axe, 'utf8'));
    for (const view of await page.locator('nav a').allTextContents()) {
      await page.click(`nav a:has-text("${view}")`);
      const found = await page.evaluate(async () => {
        const { axe: run } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
        interface Violation {
          id: string;
          impact: string;
          nodes: { html: string; failureSummary: string }[];
        }
        const { violations } = await run.run();
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
      });
      assert.deepEqual(found, [], `${view}, ${colorScheme}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${view} is ${wider} px wider than a small window`);
    }
    await page.close();
  }
});
