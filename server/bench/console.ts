/**
 * The console in a real browser with the default voice, or the fixture that is named after the file: its weight, how soon it can be used, frames a second while eight
 * clips stream, and the time from a press to the first sound. Prints JSON, and writes it to the file that is named.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { noBrowser, Stage } from '../console/test/browser.ts';
import { summary } from './summary.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const [LOADS, PRESSES] = [5, 7];
const [, , file, fixture] = process.argv;

if (noBrowser !== false) throw new Error(noBrowser);
const stage = new Stage();
try {
  await stage.open(fixture === undefined ? { models: MODELS, voice: 'default' } : { voice: fixture });
  const ready: number[] = [];
  let bytes = 0;
  for (let n = 0; n < LOADS; n++) {
    // A context of its own has an empty cache.
    const { page } = await stage.page('/');
    await page.waitForSelector('.pad');
    const seen = await page.evaluate(() => {
      const all = performance.getEntries().filter((entry) => 'transferSize' in entry) as PerformanceResourceTiming[];
      const files = all.filter(({ name }) => !name.includes('/v1/'));
      return { bytes: files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0), now: performance.now() };
    });
    const [mark] = await page.evaluate(() => performance.getEntriesByName('usable').map(({ startTime }) => startTime));
    bytes = seen.bytes;
    ready.push(mark ?? seen.now);
    await page.close();
  }
  const { page } = await stage.page('/#watch');
  page.setDefaultTimeout(600_000);
  await page.click('button:has-text("Eight at once")');
  const frames = await page.evaluate(async () => {
    const rows = (): number =>
      Array.from(document.querySelectorAll('progress')).reduce((sum, one) => sum + one.value, 0);
    const over = (): boolean =>
      Array.from(document.querySelectorAll('figcaption')).filter(({ textContent }) => textContent?.includes('seed'))
        .length === 8;
    const until = async (when: () => boolean): Promise<void> => {
      while (!when()) await new Promise((go) => setTimeout(go, 20));
    };
    await until(() => rows() > 0);
    const gaps: number[] = [];
    let before = performance.now();
    while (!over()) {
      const now = await new Promise<number>((go) => requestAnimationFrame(go));
      gaps.push(now - before);
      before = now;
    }
    return gaps;
  });
  await page.click('nav a:has-text("Play")');
  await page.waitForSelector('.pad');
  for (let n = 0; n < PRESSES; n++) {
    await page.keyboard.press('q');
    await page.waitForFunction((count) => performance.getEntriesByName('press to sound').length >= count, n + 1);
  }
  const presses = await page.evaluate(() =>
    performance.getEntriesByName('press to sound').map(({ duration }) => duration),
  );
  const result = {
    voice: fixture ?? 'default',
    load: loadavg()[0],
    weight: { bytes, most: 150_000 },
    usableMs: summary(ready),
    eightClips: { frames: frames.length, fps: (1000 * frames.length) / frames.reduce((sum, gap) => sum + gap, 0) },
    pressToSoundMs: summary(presses),
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(text);
  if (file !== undefined) writeFileSync(file, text);
} finally {
  await stage.close();
}
