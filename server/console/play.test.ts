/** Playing in a real browser, against a real server with a small voice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { EventData } from '../../protocol/commands/index.ts';
import { noBrowser, Stage } from './test/browser.ts';

const stage = new Stage();

before(async () => {
  if (noBrowser === false) await stage.open({}, true);
});
after(() => stage.close());

const done = (page: Page, count: number) =>
  page.waitForFunction((n) => document.querySelectorAll('.take[data-state=done]').length >= n, count);

/** Until it is gone the page may still send what its map needs. */
async function removePad(page: Page): Promise<void> {
  const button = page.locator('button[aria-label="Remove pad1"]');
  await button.click();
  await button.waitFor({ state: 'detached' });
}

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

test('the handle of the mix moves between four classes, by the keyboard alone, and sliders move it', {
  skip: noBrowser,
}, async () => {
  const { page, complaints } = await stage.page();
  const handle = page.getByRole('slider', { name: /Position between the four classes/ });
  await page.getByLabel('Top left class').selectOption({ label: 'Rain' });
  await handle.focus();
  for (let n = 0; n < 10; n++) await page.keyboard.press('ArrowLeft');
  for (let n = 0; n < 10; n++) await page.keyboard.press('ArrowUp');
  assert.equal(await handle.getAttribute('aria-valuetext'), '100 % Rain');
  for (let n = 0; n < 5; n++) await page.keyboard.press('ArrowRight');
  const [, topRight] = await page
    .locator('.pad select')
    .evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).selectedOptions[0]!.label));
  assert.equal(await handle.getAttribute('aria-valuetext'), `75 % Rain + 25 % ${topRight}`);
  await page.keyboard.press('m');
  await page.waitForSelector(`.take:has-text("75 % Rain + 25 % ${topRight}")`);
  await page.locator('.mix').getByLabel('Rain', { exact: true }).fill('0.25');
  assert.equal(await handle.getAttribute('aria-valuenow'), '50');
  // The name of a mix of four does not fit a card, and must not widen it.
  await handle.focus();
  for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowDown');
  const four = (await handle.getAttribute('aria-valuetext'))!;
  assert.equal(four.split(' + ').length, 4, four);
  await page.keyboard.press('m');
  await page.waitForSelector(`.take:has-text("${four}")`);
  const over = await page.locator('.take').evaluateAll((cards) =>
    cards.flatMap((card) => {
      const right = card.getBoundingClientRect().right;
      return [...card.querySelectorAll('header > *, .mel')].map((part) => part.getBoundingClientRect().right - right);
    }),
  );
  assert.ok(over.length > 0 && over.every((by) => by <= 0), over.join(' '));
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a pad of a map plays a clip of its pool in the page', { skip: noBrowser }, async () => {
  const { page, complaints } = await stage.page();
  await page.click('button:has-text("Add a map")');
  await page.waitForSelector('.map :text("3 of 3 ready")');
  const played = async (): Promise<number> => {
    const { pools } = (await stage.app.connect().call('trigger.list', {})) as EventData<'trigger.list', 'done'>;
    return pools[0]!.played;
  };
  assert.equal(await played(), 0);
  await page.keyboard.press('a');
  await page.waitForFunction(() => performance.getEntriesByName('press to sound').length === 1);
  assert.equal(await played(), 1);
  assert.equal(await page.locator('.take').count(), 0, 'nothing is made for it');
  await removePad(page);
  assert.deepEqual(complaints, []);
  await page.close();
});

/** A browser that has this one MIDI input, in place of the machine's. */
function plugIn(): void {
  const input = { name: 'Pads', onmidimessage: null as ((message: { data: Uint8Array }) => void) | null };
  const access = { inputs: new Map([['pads', input]]), onstatechange: null };
  Object.assign(window, { midiSend: (...bytes: number[]) => input.onmidimessage?.({ data: Uint8Array.from(bytes) }) });
  Object.defineProperty(navigator, 'requestMIDIAccess', { value: async () => access });
}

test('notes of a MIDI keyboard play pads of classes, and of maps before them', {
  skip: noBrowser,
}, async () => {
  const { page, complaints } = await stage.page('/', {}, (of) => of.addInitScript(plugIn));
  const send = (...bytes: number[]): Promise<void> =>
    page.evaluate((all) => (window as unknown as { midiSend: (...of: number[]) => void }).midiSend(...all), bytes);
  await page.click('button:has-text("Use a MIDI keyboard")');
  await page.waitForSelector('.midi:has-text("MIDI: Pads")');
  // The second class; ends of notes, controllers and notes below the pads play nothing.
  const messages = [
    [0x90, 37, 100],
    [0x80, 37, 0],
    [0x90, 38, 0],
    [0xb0, 1, 64],
    [0x99, 20, 100],
  ];
  for (const message of messages) await send(...message);
  await done(page, 1);
  assert.match((await page.textContent('.take'))!, /Footstep/);
  assert.match((await page.textContent('.midi'))!, /note 20, velocity 100/);
  const client = stage.app.connect();
  await client.call('trigger.map', { id: 'door', class: 'Rain', source: { note: 37 }, ready: 1, candidates: 1 });
  await page.waitForSelector('.map:has-text("door") :text("1 of 1 ready")');
  const heard: string[] = [];
  const watching = new AbortController();
  const watch = client.call(
    'server.watch',
    { jobs: false, pools: false },
    ({ event, data }) => {
      if (event === 'hit') heard.push(String(data.map));
    },
    watching.signal,
  );
  watch.catch(() => undefined);
  // A map that has the note goes before the class.
  await send(0x92, 37, 32);
  while (heard.length === 0) await page.waitForTimeout(20);
  assert.deepEqual(heard, ['door']);
  assert.equal(await page.locator('.take').count(), 1);
  watching.abort();
  await client.call('trigger.unmap', { id: 'door' });
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a running job is taken up again when the server is back', { skip: noBrowser }, async () => {
  const { page } = await stage.page();
  await stage.app.close();
  await page.waitForSelector('.link[data-state=lost]');
  await page.keyboard.press('w');
  assert.match((await page.textContent('.take'))!, /waiting for the server/);
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
  assert.match((await page.textContent('.take'))!, /restarted/);
  await page.close();
});

test('takes follow the curves that are drawn, with the pointer or by the keyboard alone', {
  skip: noBrowser,
}, async () => {
  await stage.app.close();
  await stage.serve({ voice: 'tiny-stacked' });
  const { page, complaints } = await stage.page();
  const sent: string[] = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => sent.push(Buffer.from(payload as never).toString('latin1'))),
  );
  await page.reload();
  await page.waitForSelector('.map, .midi');
  await page.click('summary:has-text("Envelope and spectrum")');
  const drawing = page.locator('figure', { hasText: 'Loudness' }).locator('svg');
  await drawing.scrollIntoViewIfNeeded();
  const plane = (await drawing.boundingBox())!;
  for (const [across, down] of [
    [0.25, 0.5],
    [0.75, 0.1],
  ] as const)
    await page.mouse.click(plane.x + across * plane.width, plane.y + down * plane.height);
  const told = () => page.locator('circle[role=slider]').evaluateAll((all) => all.map((one) => one.ariaValueText));
  const [first, second] = await told();
  assert.match(first!, /^0\.07 s, -30 dB$/);
  assert.match(second!, /^0\.21 s, -6 dB$/);
  await page.locator('circle[role=slider]').first().focus();
  for (const key of ['ArrowUp', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
  assert.deepEqual(await told(), ['0.02 s, -28 dB', second]);
  const colour = page.locator('figure', { hasText: 'Spectrum' });
  await colour.getByRole('button', { name: 'Add a point' }).press('Enter');
  assert.equal((await told()).length, 3);
  await page.locator('h2').first().click();
  await page.keyboard.press('q');
  await done(page, 1);
  const asked = sent.find((text) => text.includes('foley.generate'))!;
  assert.match(asked, /envelope.*points.*spectrum.*points.*hz/s);
  await page.locator('circle[role=slider]').first().press('Delete');
  await page.locator('circle[role=slider]').first().press('Delete');
  assert.equal((await told()).length, 1);
  // Of events without an envelope the density says how many there are.
  assert.doesNotMatch(asked, /density/);
  await page.getByLabel(/^Density/).fill('3');
  await page.locator('h2').first().click();
  await page.keyboard.press('q');
  await done(page, 2);
  assert.match(sent.findLast((text) => text.includes('foley.generate'))!, /density/);
  // A map has one of its own.
  await page.getByLabel('density', { exact: true }).fill('2.5');
  await page.click('button:has-text("Add a map")');
  await page.waitForSelector('button[aria-label="Remove pad1"]');
  const { maps } = (await stage.app.connect().call('trigger.list', {})) as EventData<'trigger.list', 'done'>;
  assert.deepEqual(
    maps.filter(({ id }) => id === 'pad1').map(({ density }) => density),
    [2.5],
  );
  await removePad(page);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('an endless sound changes while it plays, goes on in other views, and its end is kept', {
  skip: noBrowser,
}, async () => {
  await stage.app.close();
  await stage.serve({ voice: 'tiny-stacked' });
  const { page, complaints } = await stage.page();
  const panel = page.locator('section.endless');
  await panel.getByRole('button', { name: 'Start' }).click();
  await panel.getByText(/, 0:0[1-9]|, 0:[1-9]/).waitFor();
  await panel.getByRole('combobox').selectOption({ label: 'Hiss' });
  await panel.getByText(/^Hiss, 0:/).waitFor();
  await page.click('nav a:has-text("Machine")');
  await page.click('nav a:has-text("Play")');
  await panel.getByText(/^Hiss, 0:/).waitFor();
  assert.equal(await panel.getByRole('combobox').inputValue(), 'Hiss');
  await panel.getByRole('button', { name: /Keep/ }).click();
  await page.click('button:has-text("Show")');
  await page.waitForSelector('nav [aria-current=page]:has-text("Choose")');
  const { clips } = (await stage.app.connect().call('clip.list', {})) as EventData<'clip.list', 'done'>;
  assert.ok(clips[0]!.seconds > 1, `the kept clip has ${clips[0]!.seconds} s`);
  // In this view, too.
  await page.keyboard.press('Escape');
  await page.click('nav a:has-text("Play")');
  await panel.getByRole('button', { name: 'Start' }).waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});
