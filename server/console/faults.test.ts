/** What goes wrong around a page: it is said in words, and nothing is lost. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EventData } from '../../protocol/commands/index.ts';
import { rotateToken } from '../network/access/tokens.ts';
import { noBrowser, Stage } from './test/browser.ts';

const FIXTURES = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
const stage = new Stage();
const data = path.join(stage.dir, 'data');
const models = path.join(stage.dir, 'models');

before(async () => {
  if (noBrowser !== false) return;
  for (const voice of ['tiny', 'tiny-stacked'])
    cpSync(path.join(FIXTURES, voice), path.join(models, voice), { recursive: true });
  await stage.open({ models, voice: 'tiny-stacked' });
});
after(() => stage.close());

test('a token that was rotated is asked for anew, and what was made stays', { skip: noBrowser }, async () => {
  const first = await rotateToken(data, 'admin');
  const { page } = await stage.page('/');
  await page.waitForSelector('.rest');
  await page.keyboard.press('q');
  await page.waitForSelector('.take[data-state=done]');
  await page.click('nav a:has-text("Teach")');
  await page.click('button:has-text("Enter the admin token")');
  const give = async (token: string) => {
    await page.fill('dialog input', token);
    await page.click('dialog .primary');
    await page.waitForSelector('.link:has-text("connected, admin")');
  };
  await give(first);
  const second = await rotateToken(data, 'admin');
  await page.waitForSelector('.notice:has-text("The token was changed on the server")');
  await page.waitForSelector('.link[data-state=open]');
  await page.click('button:has-text("Enter the admin token")');
  await give(second);
  await page.waitForSelector('legend:has-text("Data sets")');
  await page.click('nav a:has-text("Play")');
  await page.waitForSelector('.take[data-state=done]');
  assert.equal(await page.locator('.take').count(), 1);
  await page.close();
});

test('pads of a voice that has gone say so and become those of the voice that is active', {
  skip: noBrowser,
}, async () => {
  const admin = stage.app.connect('admin');
  const { page, complaints } = await stage.page('/');
  await page.waitForSelector('button.pad:has-text("Beep")');
  await page.waitForSelector('.rest');
  await page.keyboard.press('q');
  await page.waitForSelector('.take[data-state=done]');
  await admin.call('admin.activate', { voice: 'tiny', force: true });
  rmSync(path.join(models, 'tiny-stacked'), { recursive: true });
  await page.keyboard.press('q');
  await page.waitForSelector('.take[data-state=failed] .problem:has-text("Beep")');
  await page.waitForSelector('button.pad:has-text("Dog bark")');
  // Its takes are played, named and shown all the same; what needs the voice cannot be pressed.
  await page.click('nav a:has-text("Choose")');
  await page.waitForSelector('.halves:has-text("Beep")');
  assert.equal(await page.locator('button:has-text("Branch at row")').isDisabled(), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('five hundred takes are listed to the last, a screenful at a time', { skip: noBrowser }, async () => {
  const client = stage.app.connect();
  const count = async (): Promise<number> =>
    ((await client.call('clip.list', { limit: 1 })) as EventData<'clip.list', 'done'>).total;
  while ((await count()) < 500)
    await client.call('foley.generate', { class: 'Rain', count: 64, save: true, audio: false });
  const total = await count();
  const { page, complaints } = await stage.page('/#choose');
  await page.waitForSelector(`h2:has-text("${total}")`);
  await page.waitForSelector('.halves');
  const atEnd = () =>
    page.evaluate(() => {
      const list = document.querySelector('.scroll')!;
      list.scrollTop = list.scrollHeight;
      return list.querySelector('ul')!.offsetHeight / 56;
    });
  for (let tries = 0; tries < 400 && (await atEnd()) < total; tries++) await page.waitForTimeout(25);
  assert.equal(await atEnd(), total);
  // The last line is drawn once the list knows how far it was scrolled.
  await page.waitForFunction(() => {
    const [list, last] = ['.scroll ul', '.scroll li:last-child'].map((at) => document.querySelector(at)!);
    return last!.getBoundingClientRect().bottom > list!.getBoundingClientRect().bottom - 1;
  });
  const lines = await page.locator('.scroll li').count();
  assert.ok(lines > 5 && lines < 60, `${lines} lines are in the page`);
  await page.locator('.scroll li').last().locator('.line').click();
  await page.waitForSelector('.scroll li.selected:last-child');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a folder without a recording is dropped: its files are named, and nothing is sent', {
  skip: noBrowser,
}, async () => {
  const folder = path.join(stage.dir, 'holiday');
  mkdirSync(path.join(folder, 'more'), { recursive: true });
  writeFileSync(path.join(folder, 'plan.pdf'), '%PDF');
  writeFileSync(path.join(folder, 'more', 'photo.jpg'), 'JFIF');
  const empty = path.join(stage.dir, 'empty');
  mkdirSync(empty);
  const { page, complaints } = await stage.page('/#teach');
  await page.waitForSelector('.teach .drop');
  const devtools = await page.context().newCDPSession(page);
  const box = (await page.locator('.teach .drop').boundingBox())!;
  const drop = async (file: string) => {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await devtools.send('Input.dispatchDragEvent', {
        type,
        x: box.x + 30,
        y: box.y + 20,
        data: { items: [], files: [file], dragOperationsMask: 1 },
      });
  };
  await drop(folder);
  const said = page.locator('.teach [role=alert]');
  await said.waitFor();
  const text = (await said.textContent())!;
  assert.match(text, /^2 files are not audio and are left out: /);
  for (const name of ['plan.pdf', 'photo.jpg']) assert.ok(text.includes(name), text);
  assert.equal(await page.locator('button:has-text("Check and add")').isDisabled(), true);
  await drop(empty);
  await page.waitForSelector('.teach [role=alert]:has-text("contains no files")');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a browser without WebMIDI and AudioWorklet says what that means, and takes are made', {
  skip: noBrowser,
}, async () => {
  const { page, complaints } = await stage.page('/', {}, (fresh) =>
    fresh.addInitScript(() => {
      const without = globalThis as unknown as Record<string, unknown>;
      delete (Navigator.prototype as unknown as Record<string, unknown>).requestMIDIAccess;
      delete without.AudioWorkletNode;
      delete (BaseAudioContext.prototype as unknown as Record<string, unknown>).audioWorklet;
    }),
  );
  await page.waitForSelector('.rest');
  await page.click('button:has-text("Use a MIDI keyboard")');
  await page.waitForSelector('.midi:has-text("This browser has no WebMIDI")');
  await page.keyboard.press('q');
  await page.waitForSelector('.notice:has-text("This browser has no AudioWorklet")');
  await page.waitForSelector('.take[data-state=done]');
  // Playing what is saved ends at once, and does not hang.
  await page.click('.take .mel');
  await page.waitForSelector('.take .mel[aria-label^="Play"]');
  await page.click('nav a:has-text("Choose")');
  await page.click('.detail .primary');
  await page.waitForSelector('.detail .primary:has-text("Play")');
  assert.deepEqual(complaints, []);
  await page.close();
});
