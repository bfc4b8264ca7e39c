/** What admins do in the console, and what it says of the machine. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EventData } from '../../protocol/commands/index.ts';
import { encodeWav } from '../audio/wav.ts';
import { ScriptedEngine } from '../test/support/engine.ts';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();
/** The trainer checks recordings. */
const noTrainer =
  process.env.FOLEYD_PYTHON === undefined ? 'FOLEYD_PYTHON names no Python with the trainer' : noBrowser;

before(async () => {
  if (noBrowser === false) await stage.open({ adminToken: 'an-admin-token', python: process.env.FOLEYD_PYTHON });
});
after(() => stage.close());

test('an admin action asks for the token once, and says what is wrong with another', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#teach');
  await page.click('button:has-text("Enter the admin token")');
  await page.fill('dialog input', 'a-wrong-token');
  await page.click('dialog .primary');
  await page.waitForFunction(() => /Unknown token/.test(document.querySelector('dialog')?.textContent ?? ''));
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
  assert.match((await page.textContent('.teach [role=alert]'))!, /1 file is not audio and is left out: notes\.txt/);
  assert.match((await page.textContent('.drop'))!, /1 recording/);
  await page.close();
});

test('two voices are compared blind, and the votes give a preference', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#teach');
  await page.selectOption('.blind select >> nth=0', 'tiny-freq');
  await page.selectOption('.blind select >> nth=1', 'tiny-time');
  await page.click('.blind button:has-text("Start")');
  for (const side of [0, 1]) await page.click(`.side:not(:disabled) >> nth=${side}`);
  await page.click('.blind button:has-text("No difference")');
  await page.waitForSelector('.blind p:has-text("50 % of 1 pair (95 % interval 5 to 95 %)")');
  // Which side is which is not told: this vote is for one voice or the other.
  for (const side of [0, 1]) await page.click(`.side:not(:disabled) >> nth=${side}`);
  await page.click('.blind button:has-text("1 is better")');
  await page.waitForSelector('.blind p:has-text("% of 2 pairs")');

  // The server keeps them: over a reload of the page and a start of the server.
  await stage.app.close();
  await stage.serve();
  await page.reload();
  const { preferences } = (await stage.app.connect().call('voice.votes', { voice: 'tiny-freq' })) as EventData<
    'voice.votes',
    'done'
  >;
  const [{ share, votes }] = preferences as [EventData<'voice.votes', 'done'>['preferences'][number]];
  assert.equal(votes, 2);
  assert.ok(share === 0.25 || share === 0.75, `the share is ${share}`);
  const card = (id: string) => page.locator('.voice', { hasText: id }).locator('.blind');
  for (const [one, other, of] of [
    ['tiny-freq', 'tiny-time', share],
    ['tiny-time', 'tiny-freq', 1 - share],
  ] as const)
    await card(one)
      .filter({ hasText: `Preferred to ${other} in ${of * 100} % of 2 pairs` })
      .waitFor();
  await page.close();
});

test('jobs of other clients and refused messages are shown', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#machine');
  await page.waitForSelector('dd:has-text("ready")');
  await stage.app.connect().call('foley.generate', { class: 'Rain', seed: 1, audio: false });
  await page.waitForSelector('tbody tr:has-text("done")');
  // Another connection takes over for an admin: what this page listened to on the first has not failed.
  await page.click('button:has-text("Enter the admin token")');
  await page.fill('dialog input', 'an-admin-token');
  await page.click('dialog .primary');
  await page.waitForSelector('dd:text-is("admin")');
  // It listens anew, and knows of no job; of one that ends before it does it is not told.
  const lines = page.locator('tbody tr:has-text("done")');
  await lines.waitFor({ state: 'detached' });
  while ((await lines.count()) === 0)
    await stage.app.connect().call('foley.generate', { class: 'Rain', seed: 2, audio: false });
  assert.deepEqual(await page.locator('.notice').allTextContents(), []);
  await page.close();
});

test('jobs of this page are paused, moved to the front and resumed', {
  skip: noBrowser,
}, async () => {
  await stage.app.close();
  const engine = new ScriptedEngine({ slots: 1 });
  await stage.serve(undefined, { engine });
  engine.hold();
  const { page } = await stage.page('/#watch');
  const order = async (): Promise<void> => {
    const before = await page.locator('figure').count();
    await page.click('button:text-is("One clip")');
    await page.waitForFunction((n) => document.querySelectorAll('figure').length > n, before);
  };
  for (let n = 0; n < 3; n++) await order();
  const jobs = async () =>
    ((await stage.app.connect('admin').call('job.list', {})) as EventData<'job.list', 'done'>).jobs;
  // Those that begin while the page begins to listen would come first in its table.
  while (!(engine.begun.length === 1 && (await jobs()).length === 3)) await page.waitForTimeout(20);
  await page.click('nav a:has-text("Machine")');
  const rows = page.locator('section[aria-labelledby=jobs-title] tbody tr:has(button:text-is("To the front"))');
  while ((await rows.count()) < 3) await page.waitForTimeout(20);
  const lines = page.locator('section[aria-labelledby=jobs-title] tbody tr');
  const line = (n: number) => lines.nth(n);
  const [, second] = (await jobs()).filter(({ state }) => state !== 'done').map(({ job }) => job);
  await line(1).getByRole('button', { name: 'Pause' }).click();
  await line(1).getByText('paused').waitFor();
  assert.equal((await jobs()).find(({ job }) => job === second)!.state, 'paused');
  await line(2).getByRole('button', { name: 'To the front' }).click();
  await page.waitForSelector('.notice');
  engine.release();
  await line(1).getByRole('button', { name: 'Resume' }).click();
  while ((await jobs()).some(({ state }) => state === 'paused' || state === 'queued' || state === 'running'))
    await page.waitForTimeout(20);
  assert.equal(engine.begun.length, 3);
  await page.close();
});

test('the check says of each recording what became of it, and why', { skip: noTrainer }, async () => {
  await stage.app.close();
  await stage.serve();
  const { page } = await stage.page('/#teach');
  const rate = 16_000;
  const sound = (seconds: number, level: number) =>
    Buffer.from(
      encodeWav(
        Float32Array.from(
          { length: seconds * rate },
          (_, i) => level * Math.sin(i * i * 1e-5) * (i % rate < rate * 0.9 ? 1 : 0),
        ),
        rate,
        's16',
      ),
    );
  const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'audio/wav', buffer });
  await page.setInputFiles('#recordings', [
    file('notes.txt', Buffer.from('no sound')),
    file('short.wav', sound(1, 0.5)),
    file('long.wav', sound(11, 0.4)),
    file('silent.wav', sound(3, 0)),
    file('broken.wav', Buffer.from('RIFF and nothing more')),
    file('a copy of short.wav', sound(1, 0.3)),
  ]);
  await page.getByLabel('Class', { exact: true }).fill('Siren');
  await page.getByLabel('Name of the data set').fill('checked');
  await page.click('button:has-text("Check and add")');
  await page.fill('dialog input', 'an-admin-token');
  await page.click('dialog .primary');
  await page.waitForSelector('caption:has-text("1 kept, 1 cut, 1 duplicate, 1 silent, 1 no audio, 1 unreadable")');
  const told = await page
    .locator('.scroll tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent)));
  const of = (name: string) => told.find(([first]) => first === name)!.slice(1);
  assert.deepEqual(of('notes.txt'), ['no audio', 'its extension is not that of WAV, FLAC, Ogg, MP3 or AIFF']);
  assert.deepEqual(of('short.wav'), ['kept', 'one clip']);
  assert.deepEqual(of('silent.wav'), ['silent', 'nothing louder than -60 dBFS']);
  assert.match(of('broken.wav').join(': '), /^unreadable: not a readable audio/);
  assert.deepEqual(of('a copy of short.wav'), ['duplicate', 'nearly the same as short.wav; one of the two is enough']);
  assert.equal(of('long.wav')[0], 'cut');
  // Nobody named a licence, so none is claimed.
  const { datasets } = (await stage.app.connect('admin').call('dataset.list', {})) as EventData<'dataset.list', 'done'>;
  assert.deepEqual(
    datasets.map(({ dataset, licence, author }) => [dataset, licence, author]),
    [['checked', 'unknown', 'unknown']],
  );
  await page.close();
});
