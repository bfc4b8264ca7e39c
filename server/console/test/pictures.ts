/**
 * Takes the pictures of the console that the documents show, or with a folder one of every view at three widths, dark and
 * light, to look at:
 *
 *   node --import tsx server/console/test/pictures.ts [FOLDER]
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { EventData } from '../../../protocol/commands/index.ts';
import { noBrowser, Stage } from './browser.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const VIEWS = ['play', 'watch', 'choose', 'teach', 'machine'] as const;
const SMALL = { width: 1280, height: 800 };
const SIZES = [{ width: 360, height: 780 }, SMALL, { width: 3840, height: 2160 }];
type View = (typeof VIEWS)[number];

const done = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction((n) => document.querySelectorAll('.take[data-state=done]').length >= n, count);

/** What somebody does in each view before its picture is taken. */
const ACTS: Record<View, (page: Page) => Promise<void>> = {
  async play(page) {
    await page.waitForSelector('.map :text-matches("[1-9] of \\\\d+ ready")');
    for (const [n, key] of ['t', 'w', 'q', 'y', 'r', 'e'].entries()) {
      await page.keyboard.press(key);
      await done(page, n + 1);
    }
  },
  async watch(page) {
    await page.waitForSelector('.bar .primary:enabled');
    await page.selectOption('.pick select', { label: 'Rain' });
    await page.click('.bar .primary');
    await page.waitForFunction(() =>
      Array.from(document.querySelectorAll('.said')).some(({ textContent }) => /row 3\d/.test(textContent!)),
    );
  },
  async choose(page) {
    await page.waitForSelector('.halves pre, .halves .tree');
    // Only what is in view is in the page, and takes of Play are newer.
    await page.fill('.search input', 'small dog');
    await page.click('.scroll li:has-text("small dog, twice") .line');
    await page.waitForSelector('.tree ul strong, .tree strong');
    await page.fill('.search input', '');
  },
  async teach(page) {
    await page.waitForSelector('.teach .voice');
  },
  async machine(page) {
    await page.waitForSelector('dd:has-text("ready")');
    const client = stage.app.connect();
    await Promise.all([
      client.call('foley.generate', { class: 'Rain', count: 2, audio: false }),
      client.call('trigger.fire', { id: 'steps', velocity: 0.8, audio: false, play: false }),
      stage.app.connect().call('foley.generate', { class: 'DogBark', audio: false }),
    ]);
    await page.waitForSelector('tbody tr:has-text("done")');
  },
};

const [folder] = process.argv.slice(2);
if (noBrowser !== false) throw new Error(noBrowser);
const stage = new Stage();
try {
  await stage.open({ models: path.join(ROOT, 'models'), voice: 'default', threads: 2 });
  await fill();
  for (const view of VIEWS) await shoot(view);
} finally {
  await stage.close();
}

/** Takes of seven classes, some with names, stars and children, and two maps. */
async function fill(): Promise<void> {
  const client = stage.app.connect('admin');
  const made = async (cmd: 'foley.generate' | 'foley.vary' | 'foley.branch', args: object): Promise<string[]> => {
    const { clips } = (await client.call(cmd, { save: true, audio: false, ...args } as never)) as EventData<
      'foley.generate',
      'done'
    >;
    return clips.map(({ clip }) => clip);
  };
  const named = async (clip: string, name: string): Promise<void> => {
    await client.call('clip.rename', { clip, name });
  };
  const all: Record<string, string> = {};
  for (const of of ['Sneeze_Cough', 'MovingMotorVehicle', 'Keyboard', 'GunShot', 'DogBark', 'Footstep', 'Rain'])
    [all[of] = ''] = await made('foley.generate', { class: of, seed: 1 });
  await named(all.Footstep!, 'heels on gravel, slow, kitchen door open');
  await named(all.DogBark!, 'small dog, twice');
  await client.call('clip.star', { clip: all.DogBark!, starred: true });
  const [softer] = await made('foley.vary', { clip: all.DogBark, amount: 0.3, seed: 4 });
  await named(softer!, 'small dog, further away');
  await made('foley.branch', { clip: softer, row: 20, count: 2, seed: 7 });
  await client.call('clip.star', { clip: all.Rain!, starred: true });
  await client.call('trigger.map', { id: 'steps', class: 'Footstep', source: { note: 48 } });
  await client.call('trigger.map', { id: 'keys', class: 'Keyboard', source: { note: 49 } });
}

/** What a view looks like is drawn anew for each size and scheme; what is done in it is done once. */
async function shoot(view: View): Promise<void> {
  const { page } = await stage.page(`/#${view}`, { viewport: SMALL, colorScheme: 'dark' });
  await ACTS[view](page);
  await page.waitForFunction(() => document.querySelector('.notice') === null);
  const take = async (size: typeof SMALL, colorScheme: 'dark' | 'light', to: string): Promise<void> => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(500);
    await page.screenshot({ path: to, fullPage: view !== 'choose' && size.width < 3000 });
  };
  if (folder === undefined) {
    const docs = path.join(ROOT, 'docs', 'console');
    mkdirSync(docs, { recursive: true });
    await take(SMALL, 'dark', path.join(docs, `${view}.png`));
  } else {
    mkdirSync(folder, { recursive: true });
    for (const size of SIZES)
      for (const scheme of ['dark', 'light'] as const)
        await take(size, scheme, path.join(folder, `${view}-${size.width}-${scheme}.png`));
  }
  await page.close();
}
