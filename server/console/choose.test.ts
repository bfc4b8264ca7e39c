/** Choosing among saved takes in a real browser. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { EventData } from '../../protocol/index.ts';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();

before(async () => {
  if (noBrowser !== false) return;
  await stage.open();
  const client = stage.app.connect();
  for (const seed of [1, 2, 3]) await client.call('foley.generate', { class: 'Rain', seed, save: true, audio: false });
});
after(() => stage.close());

const saved = async (): Promise<EventData<'clip.list', 'done'>['clips']> =>
  ((await stage.app.connect().call('clip.list', {})) as EventData<'clip.list', 'done'>).clips;

test('takes are played, switched, named, starred and copied by keyboard', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#choose');
  await page.waitForSelector('li.selected');
  assert.equal(await page.locator('.scroll li').count(), 3);
  // Every take has its picture, and none says that it cannot be drawn.
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.thumb, .player')].every(
      (one) => (one.querySelector('canvas')?.width ?? 344) !== 344,
    ),
  );
  assert.deepEqual(await page.locator('.thumb, .player').allInnerTexts(), ['', '', '', '']);
  await page.keyboard.press('2');
  await page.waitForSelector('li.selected:nth-child(2)');
  const [, second] = await saved();
  await page.waitForFunction(
    (seed) => document.querySelector('pre')?.textContent?.includes(`"seed":${seed}`),
    second!.seed,
  );

  await page.keyboard.press('s');
  await page.fill('.name input', 'wet street');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /wet street/.test(document.querySelector('li.selected')?.textContent ?? ''));
  const changed = async () => {
    const { name, starred } = (await saved()).find(({ clip }) => clip === second!.clip)!;
    return [name, starred];
  };
  // The page shows what was asked for before the server has it.
  for (let tries = 0; tries < 100 && !(await changed()).every(Boolean); tries++) await page.waitForTimeout(100);
  assert.deepEqual(await changed(), ['wet street', true]);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a clip is downloaded as it was made, and as a file for a sound department', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#choose');
  await page.waitForSelector('li.selected');
  for (const [button, name, magic] of [
    ['WAV', /\.wav$/, 'RIFF'],
    ['FLAC', /_FOLEYD_NONE_.*\.flac$/, 'fLaC'],
  ] as const) {
    const coming = page.waitForEvent('download');
    await page.click(`.detail button:text-is("${button}")`);
    const file = await coming;
    assert.match(file.suggestedFilename(), name);
    assert.equal((await readFile(await file.path())).toString('latin1', 0, 4), magic);
  }
  await page.close();
});

test('a deletion can be undone until it is done', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#choose');
  await page.waitForSelector('li.selected');
  await page.keyboard.press('Delete');
  await page.waitForFunction(() => document.querySelectorAll('.scroll li').length === 2);
  await page.click('.notice button');
  await page.waitForFunction(() => document.querySelectorAll('.scroll li').length === 3);
  assert.equal((await saved()).length, 3);
  await page.close();
});

test('a search narrows the list, and one without a match says so', { skip: noBrowser }, async () => {
  const { page } = await stage.page('/#choose');
  await page.waitForSelector('li.selected');
  await page.keyboard.press('/');
  await page.keyboard.type('wet');
  await page.waitForFunction(() => document.querySelectorAll('.scroll li').length === 1);
  await page.fill('input[type=search]', 'nothing like it');
  await page.waitForSelector('.empty:has-text("No matching takes")');
  await page.close();
});

test('a stretch that is marked by dragging is made anew, and the family shows it', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#choose');
  await page.waitForSelector('li.selected');
  const [parent] = await saved();
  const box = (await page.locator('.well').boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.click('button:has-text("Regenerate 0.")');
  await page.waitForSelector('.tree ul button, .tree ul strong');
  const children = (await saved()).filter(({ from }) => from === parent!.clip);
  assert.ok(children.length >= 1);
  const { clip } = (await stage.app.connect().call('clip.get', { clip: children[0]!.clip })) as {
    clip: { lineage: { stretch: { from: number; to: number } } };
  };
  const { from, to } = clip.lineage.stretch;
  assert.ok(Math.abs(from / parent!.seconds - 0.3) < 0.05 && Math.abs(to / parent!.seconds - 0.7) < 0.05);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a take is branched at a row that was clicked, and the branches are its children', {
  skip: noBrowser,
}, async () => {
  const { page, complaints } = await stage.page('/#choose');
  await page.waitForSelector('li.selected');
  const [parent] = await saved();
  const grid = (await page.locator('.codes .well').boundingBox())!;
  await page.mouse.click(grid.x + grid.width / 2, grid.y + grid.height * 0.55);
  const button = page.locator('button:has-text("Branch at row")');
  const row = Number(/row (\d+)/.exec((await button.textContent())!)![1]);
  const { card } = (await stage.app.connect().call('voice.info', {})) as { card: { grid: { rows: number } } };
  assert.equal(row, Math.floor(card.grid.rows * 0.55));
  await page.getByRole('slider', { name: 'Takes' }).fill('2');
  const before = (await saved()).length;
  await button.click();
  await page.waitForFunction((count) => document.querySelectorAll('.scroll li').length >= count, before + 2);
  const children = (await saved()).filter(({ from }) => from === parent!.clip).slice(0, 2);
  assert.equal(children.length, 2);
  const codesOf = async (clip: string): Promise<number[]> => [
    ...((await stage.app.connect().call('clip.get', { clip })) as { clip: { codes: number[] } }).clip.codes,
  ];
  const codes = await codesOf(parent!.clip);
  const given = (codes.length / card.grid.rows) * row;
  for (const { clip } of children) {
    const branched = await codesOf(clip);
    assert.deepEqual(branched.slice(0, given), codes.slice(0, given));
    assert.notDeepEqual(branched.slice(given), codes.slice(given));
  }
  assert.deepEqual(complaints, []);
  await page.close();
});

test('what was deleted is restored from the trash of the page', { skip: noBrowser }, async () => {
  const client = stage.app.connect();
  const gone = (await client.call('foley.generate', { class: 'Rain', seed: 77, save: true, audio: false })) as {
    clip: string;
  };
  await client.call('clip.delete', { clip: gone.clip });
  const { page } = await stage.page('/#choose');
  await page.click('summary:has-text("Trash")');
  await page.click('button[aria-label^="Restore"]');
  await page.waitForFunction(() => document.querySelector('summary') === null);
  assert.ok((await saved()).some(({ clip }) => clip === gone.clip));
  await page.close();
});

test('a sheet of markers becomes files, and a fault in one names its line', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page('/#play');
  const give = (text: string) =>
    page.setInputFiles('.spot input[type=file]', {
      name: 'scene.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(text),
    });
  await page.waitForSelector('.spot');
  await give('Start,Name\n-1,Rain\n');
  await page.waitForSelector('.spot [role=alert]:has-text("scene.csv: line 2, column Start")');
  await give('Start,Name\n1,Rain\n2,Verse\n');
  await page.waitForSelector('.spot [role=status]:has-text("scene.csv: 1 file on the server")');
  const coming = page.waitForEvent('download');
  await page.click('.spot button:text-is("Download the list")');
  const list = await coming;
  assert.match(list.suggestedFilename(), /^batch_[0-9a-f]{16}\.csv$/);
  assert.match(await readFile(await list.path(), 'utf8'), /Rain.*\.wav/);
  await page.waitForSelector('.spot .note:has-text("names no class")');
  assert.deepEqual(complaints, []);
  await page.close();
});
