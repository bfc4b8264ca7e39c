/** What admins do in the console, and what it says of the machine. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { preference } from './lib/preference.ts';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();

before(async () => {
  if (noBrowser === false) await stage.open({ adminToken: 'an-admin-token' });
});
after(() => stage.close());

test('an admin action asks for the token once, and says what is wrong with another', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#teach');
  await page.click('button:has-text("Enter the admin token")');
  await page.fill('dialog input', 'a-wrong-token');
  await page.click('dialog .primary');
  await page.waitForFunction(() =>
    /does not know this token/.test(document.querySelector('dialog')?.textContent ?? ''),
  );
  await page.fill('dialog input', 'an-admin-token');
  await page.click('dialog .primary');
  await page.waitForSelector('legend:has-text("Data sets")');
  assert.match((await page.textContent('.link'))!, /admin/);
  // The wrong token was answered with 401, which browsers write to the console by themselves.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  );

  await page.click('.voice button:has-text("Activate") >> nth=0');
  await page.waitForSelector('.notice:has-text("is active now")');
  await page.click('.notice button:has-text("Roll back")');
  await page.waitForSelector('.notice:has-text("tiny is active again")');
  await page.close();
});

test('files that are no audio stay out, and are named', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#teach');
  const file = (name: string) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from('RIFF') });
  await page.setInputFiles('#recordings', [file('notes.txt'), file('step 1.wav')]);
  await page.waitForSelector('[role=alert]');
  assert.match((await page.textContent('.teach [role=alert]'))!, /1 file is no audio and stays out: notes\.txt/);
  assert.match((await page.textContent('.drop'))!, /1 recording/);
  await page.close();
});

test('two voices are compared blind, and the votes give a preference', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#teach');
  await page.selectOption('.blind select >> nth=0', 'tiny-freq');
  await page.selectOption('.blind select >> nth=1', 'tiny-time');
  await page.click('.blind button:has-text("Begin")');
  for (const side of [0, 1]) await page.click(`.side:not(:disabled) >> nth=${side}`);
  await page.click('.blind button:has-text("Alike")');
  await page.waitForSelector('.blind p:has-text("50 % of 1 pairs")');
  await page.close();
});

test('jobs of other clients and refused messages are shown', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#machine');
  await page.waitForSelector('dd:has-text("ready")');
  await stage.app.connect().call('foley.generate', { class: 'Rain', seed: 1, audio: false });
  await page.waitForSelector('tbody tr:has-text("done")');
  await page.close();
});

test('a preference comes with its interval by Wilson', () => {
  const vote = (liked: 'a' | 'b' | 'tie') => ({ a: 'x', b: 'y', liked, class: 'Rain', seed: 1, at: 0 });
  assert.equal(preference([]), null);
  const { share, low, high } = preference([...Array(8).fill(vote('a')), vote('b'), vote('b')])!;
  // 8 of 10 at z = 1.96, as tables of the interval have it.
  assert.deepEqual([share, Number(low.toFixed(3)), Number(high.toFixed(3))], [0.8, 0.49, 0.943]);
  assert.equal(preference([vote('tie')])!.share, 0.5);
});
