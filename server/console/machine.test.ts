/** The Machine view: its numbers and its table say the same. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();
before(async () => {
  if (noBrowser === false) await stage.open({ voice: 'tiny-stacked' });
});
after(() => stage.close());

test('the queue counts the jobs of the table, also those of others from before the view was opened', {
  skip: noBrowser,
}, async () => {
  const admin = stage.app.connect('admin');
  const jobs: string[] = [];
  for (const seed of [1, 2, 3])
    await new Promise<void>((resolve) => {
      const args = { class: 'Hiss', seed, count: 64, audio: false };
      const onEvent = ({ event, data }: { event: string; data: Record<string, unknown> }): void => {
        if (event === 'accepted') jobs.push(String(data.job));
        if (event === 'accepted') resolve();
      };
      admin.call('foley.generate', args, onEvent).catch(() => undefined);
    });
  for (const job of jobs) await admin.call('job.pause', { job });

  const { page } = await stage.page('/#machine');
  await page.waitForSelector('.wide td:has-text("began before this view was opened")');
  const { queue } = (await admin.call('server.info', {})) as { queue: { running: number; waiting: number } };
  assert.equal(queue.running + queue.waiting, jobs.length);
  const told = (await page.textContent('dt:has-text("Queue") + dd'))!;
  assert.equal(told, `${queue.running} running, ${queue.waiting} waiting`);
  const [, running, waiting] = /^(\d+) running and (\d+) waiting/.exec(
    (await page.textContent('.wide tr:last-child td'))!,
  )!;
  const listed = await page.locator('.wide tbody tr:has(progress)').count();
  assert.equal(listed + Number(running) + Number(waiting), jobs.length);
  for (const job of jobs) await admin.call('job.cancel', { job });
  await page.waitForSelector('dt:has-text("Queue") + dd:has-text("0 running, 0 waiting")');
  await page.close();
});
