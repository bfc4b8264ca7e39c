/** The render farm in the console: a real broker, two workers, and a server on it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { skip as noBroker } from '../farm/test/broker.ts';
import { order, served, sharedBroker } from '../farm/test/small-farm.ts';
import { ScriptedEngine } from '../test/support/engine.ts';
import { noBrowser, Stage } from './test/browser.ts';

const skip = noBrowser !== false ? noBrowser : noBroker;
const { farm } = sharedBroker();
const stage = new Stage();
before(async () => {
  if (skip === false) await stage.open({ adminToken: 'an-admin-token' });
});
after(() => stage.close());

test('an admin sees the workers, what each makes, their rates and failures, and what waits', { skip }, async (t) => {
  const { voiceDir, desk, worker } = await farm(t);
  const engine = new ScriptedEngine({ slots: 2 });
  worker(engine);
  worker(new ScriptedEngine({ slots: 3 }));
  const server = desk(new ScriptedEngine({ slots: 2 }));
  await stage.app.close();
  await stage.serve({ adminToken: 'an-admin-token' }, { engine: server });
  await served(server, voiceDir);
  const { page, complaints } = await stage.page('/#machine');
  assert.equal(await page.locator('#farm-title').count(), 0, 'only an admin may know of it');
  await page.click('button:has-text("Enter the admin token")');
  await page.fill('dialog input', 'an-admin-token');
  await page.click('dialog button.primary');
  await page.waitForSelector('#farm-title');
  const panel = page.locator('section', { has: page.locator('#farm-title') });
  await panel.locator('tbody tr:nth-child(2)').waitFor();
  const rows = await panel.locator('table').first().locator('tbody tr').allInnerTexts();
  assert.deepEqual(
    rows.map((row) => row.split('\t').slice(0, 2)),
    [
      ['render-1', 'test, 1 process'],
      ['render-2', 'test, 1 process'],
    ],
  );
  // Ten clips for places of 5: the rest waits, and is told.
  engine.hold();
  const runs = Array.from({ length: 10 }, (_, seed) => server.run(order(voiceDir, seed), () => undefined));
  await panel.locator('td:has-text("2 of 2")').waitFor();
  assert.match(await panel.innerText(), /2 workers, [0-9.]+ clips\/s, 0 failed/);
  assert.match(await panel.locator('table').nth(1).innerText(), /bulk/);
  if (process.env.FOLEYD_SHOTS !== undefined)
    await page.screenshot({ path: path.join(process.env.FOLEYD_SHOTS, 'farm.png'), fullPage: true });
  engine.release();
  await Promise.all(runs.map(({ done }) => done));
  await page.waitForFunction(() => /10 from the farm/.test(document.body.innerText));
  assert.deepEqual(complaints, []);
  await page.close();
});
