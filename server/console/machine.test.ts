/** The Machine view: its numbers and its table say the same. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();
before(async () => {
  if (noBrowser === false) await stage.open({ voice: 'tiny-stacked' });
});
after(() => stage.close());

/** Lines of the table for open jobs. */
const LINES = 60;

test('the table lists the jobs of others from before the view was opened, as many as the queue counts', {
  skip: noBrowser,
}, async () => {
  const admin = stage.app.connect('admin');
  const jobs: string[] = [];
  const ask = (seed: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const args = { class: 'Hiss', seed, count: 3, audio: false };
      const onEvent = ({ event, data }: { event: string; data: Record<string, unknown> }): void => {
        if (event === 'accepted') jobs.push(String(data.job));
        if (event === 'accepted') resolve();
      };
      admin.call('foley.generate', args, onEvent).catch(reject);
    });
  const pauseLast = () => admin.call('job.pause', { job: jobs.at(-1)! });
  for (const seed of [1, 2, 3]) await ask(seed).then(pauseLast);

  const { page } = await stage.page('/#machine');
  await page.waitForSelector('.wide tbody tr:nth-child(3):has(progress)');
  const { queue } = (await admin.call('server.info', {})) as { queue: { running: number; waiting: number } };
  assert.equal(queue.running + queue.waiting, jobs.length);
  const told = (await page.textContent('dt:has-text("Queue") + dd'))!;
  assert.equal(told, `${queue.running} running, ${queue.waiting} waiting`);
  const rows = page.locator('.wide tbody tr:has(progress)');
  assert.equal(await rows.count(), jobs.length);
  assert.deepEqual(await rows.locator('td:nth-child(3)').allTextContents(), ['3', '3', '3']);
  const alias = (job: string) => createHash('sha256').update(`watched ${job}`).digest('hex').slice(0, 8);
  assert.deepEqual(await rows.locator('td:first-child code').allTextContents(), jobs.map(alias));

  for (let seed = 4; seed <= LINES + 2; seed++) await ask(seed).then(pauseLast);
  await page.waitForSelector('.wide tr:last-child td:has-text("more. Each is listed at its next step.")');
  const [, running, waiting] = /^(\d+) running and (\d+) waiting more/.exec(
    (await page.textContent('.wide tr:last-child td'))!,
  )!;
  assert.equal((await rows.count()) + Number(running) + Number(waiting), jobs.length);
  for (const job of jobs) await admin.call('job.cancel', { job });
  await page.waitForSelector('dt:has-text("Queue") + dd:has-text("0 running, 0 waiting")');
  await page.close();
});

test('what a pool has ready is told in one line beside a long name', { skip: noBrowser }, async () => {
  await stage.app.connect().call('trigger.map', { id: 'a-map-with-a-long-name-for-the-yard', class: 'Hiss', ready: 1 });
  const { page } = await stage.page('/#machine', { viewport: { width: 900, height: 900 } });
  await page.waitForSelector('[aria-labelledby=pools-title] td:has-text("1 of 1")');
  const lines = await page
    .locator('[aria-labelledby=pools-title] td .num')
    .first()
    .evaluate((node) => node.getClientRects().length);
  assert.equal(lines, 1);
  await page.close();
});
