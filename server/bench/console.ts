/**
 * The console in a real browser against a real server: its weight, how soon it can be used, what moves by itself, frames a second while eight
 * clips stream, the time from a press to the first sound (pads of classes and of pools), and memory over thousands of takes. Prints JSON.
 *
 *   node --import tsx server/bench/console.ts [--voice default] [--loads 7] [--presses 20] [--takes 5000] [--only presses]
 *     [--out FILE]
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { noBrowser, Stage } from '../console/test/browser.ts';
import { recordShifts, shiftsOf } from '../console/test/shifts.ts';
import { memoryOverTakes } from './console-memory.ts';
import { summary } from './summary.ts';
import { machine, round } from './support.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const WIDTHS = [390, 1280, 3840];
const MEASURE = 'press to sound';

const { values: flags } = parseArgs({
  options: {
    voice: { type: 'string', default: 'default' },
    loads: { type: 'string', default: '7' },
    presses: { type: 'string', default: '20' },
    takes: { type: 'string', default: '5000' },
    only: { type: 'string' },
    out: { type: 'string' },
  },
});

if (noBrowser !== false) throw new Error(noBrowser);
const stage = new Stage();
try {
  await stage.open(flags.voice === 'default' ? { models: MODELS, voice: 'default' } : { voice: flags.voice });
  const [loadBefore, pressesOnly] = [loadavg(), flags.only === 'presses'];
  const result = {
    machine: machine(),
    voice: flags.voice,
    loadBefore,
    ...(pressesOnly
      ? {}
      : {
          ...(await coldLoads(Number(flags.loads))),
          layoutShift: await layoutShift(),
          eightClips: await eightClips(),
        }),
    pressToSoundMs: await presses(Number(flags.presses)),
    loadAfter: loadavg(),
    // The page is what grows: with a small voice the takes come sooner.
    ...(pressesOnly ? {} : { memory: await memoryOverTakes(stage, Number(flags.takes)) }),
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(text);
  if (flags.out !== undefined) writeFileSync(flags.out, text);
} finally {
  await stage.close();
}

/** Compressed bytes until the first pad can be pressed and when all views are there, and the time until then; each load has an empty cache. */
async function coldLoads(count: number) {
  const usable: number[] = [];
  const painted: number[] = [];
  let weight = { first: 0, all: 0 };
  for (let n = 0; n < count; n++) {
    const { page } = await stage.page('/');
    await page.waitForSelector('.pad');
    await page.waitForLoadState('networkidle');
    const seen = await page.evaluate(() => {
      const mark = performance.getEntriesByName('usable')[0]!.startTime;
      const files = performance
        .getEntries()
        .filter(
          (entry): entry is PerformanceResourceTiming => 'encodedBodySize' in entry && !entry.name.includes('/v1/'),
        );
      const bytes = (of: PerformanceResourceTiming[]): number =>
        of.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
      return {
        mark,
        paint: performance.getEntriesByName('first-contentful-paint')[0]!.startTime,
        first: bytes(files.filter(({ startTime }) => startTime < mark)),
        all: bytes(files),
      };
    });
    usable.push(seen.mark);
    painted.push(seen.paint);
    weight = { first: seen.first, all: seen.all };
    await page.close();
  }
  return { weightBytes: { ...weight, most: 150_000 }, usableMs: summary(usable), firstPaintMs: summary(painted) };
}

/** Scores of a load and a walk through all views, by width. */
async function layoutShift() {
  const scores: Record<string, number> = {};
  for (const width of WIDTHS) {
    const { page } = await stage.page('/', { viewport: { width, height: width > 2000 ? 2160 : 800 } }, recordShifts);
    await page.waitForSelector('.rest');
    for (const view of ['watch', 'choose', 'machine', 'teach', 'play']) {
      await page.evaluate((id) => (location.hash = id), view);
      await page.waitForTimeout(1000);
    }
    scores[width] = Number((await shiftsOf(page)).sum.toPrecision(3));
    await page.close();
  }
  return scores;
}

/** Frames from the first row of eight clips until the last of them is there. */
async function eightClips() {
  const { page } = await stage.page('/#watch');
  page.setDefaultTimeout(600_000);
  await page.click('button:has-text("Eight at once")');
  const gaps = await page.evaluate(async () => {
    const rows = (): number =>
      Array.from(document.querySelectorAll('.rows')).reduce((sum, one) => sum + Number(one.ariaValueNow), 0);
    const over = (): boolean =>
      Array.from(document.querySelectorAll('figcaption')).filter(({ textContent }) => textContent?.includes('seed'))
        .length === 8;
    while (rows() === 0) await new Promise((go) => setTimeout(go, 20));
    const found: number[] = [];
    let before = await new Promise<number>((go) => requestAnimationFrame(go));
    while (!over()) {
      const now = await new Promise<number>((go) => requestAnimationFrame(go));
      found.push(now - before);
      before = now;
    }
    return found;
  });
  await page.close();
  const whole = gaps.reduce((sum, gap) => sum + gap, 0);
  const worst = gaps.toSorted((a, b) => b - a)[Math.floor(gaps.length / 100)]!;
  return {
    seconds: round(whole / 1000),
    frames: gaps.length,
    fps: round((1000 * gaps.length) / whole),
    p99GapMs: round(worst),
  };
}

/** From a key to the first sample that is not silence, by the audio thread's own clock. */
async function presses(count: number) {
  const { page } = await stage.page('/');
  page.setDefaultTimeout(600_000);
  await page.waitForSelector('.rest');
  const all = async (key: string, isReady: (page: Page) => Promise<unknown>) => {
    await page.evaluate((name) => performance.clearMeasures(name), MEASURE);
    for (let n = 0; n < count; n++) {
      await isReady(page);
      await page.keyboard.press(key);
      await page.waitForFunction(([name, there]) => performance.getEntriesByName(name).length > there, [
        MEASURE,
        n,
      ] as const);
      // Sounds that overlap would share the audio thread.
      await page.keyboard.press('Escape');
    }
    const raw = await page.evaluate(
      (name) => performance.getEntriesByName(name).map(({ duration }) => duration),
      MEASURE,
    );
    return { ...summary(raw), p95: round(raw.toSorted((a, b) => a - b)[Math.ceil(0.95 * raw.length) - 1]!) };
  };
  const classPad = await all('q', (of) =>
    of.waitForFunction(() => document.querySelector('.take:not([data-state=done])') === null),
  );
  const played: string[] = [];
  const watching = new AbortController();
  const hear = ({ event, data }: { event: string; data: Record<string, unknown> }): void => {
    if (event === 'hit') played.push(String(data.from));
  };
  const watch = stage.app.connect().call('server.watch', { jobs: false, pools: false }, hear, watching.signal);
  watch.catch(() => undefined);
  await page.click('button:has-text("Add a map")');
  // One that was shown as ready may be gone by the time of the press: then a clip comes again, or is played while it is made.
  const poolPad = await all('a', (of) => of.waitForSelector('.map :text-matches("([1-9]) of \\\\d+ ready")'));
  watching.abort();
  await page.close();
  const by = Object.fromEntries(
    [...new Set(played)].map((from) => [from, summary(poolPad.raw.filter((_, n) => played[n] === from))]),
  );
  return { classPad, poolPad: { ...poolPad, played, by } };
}
