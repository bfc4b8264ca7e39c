import { readFileSync } from 'node:fs';
import type { Stage } from '../console/test/browser.ts';

/** Takes between two looks at the memory, and of one request. */
const [EACH, AT_ONCE] = [500, 8];

export interface MemorySample {
  takes: number;
  /** Of JavaScript after a collection, and of the browser's process for the page with everything in it. */
  heapMiB: number;
  residentMiB: number;
  nodes: number;
  listeners: number;
}

/** Makes takes in the Watch view, eight at once, and looks at the page's memory after every five hundred. */
export async function memoryOverTakes(
  stage: Stage,
  takes: number,
): Promise<{ voice: string; samples: MemorySample[] }> {
  const voice = 'tiny-stacked';
  await stage.app.close();
  await stage.serve({ voice });
  const { page } = await stage.page('/#watch');
  page.setDefaultTimeout(600_000);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const browser = await stage.browser.newBrowserCDPSession();
  const samples: MemorySample[] = [];
  const look = async (made: number): Promise<void> => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const of = (name: string): number => metrics.find((one) => one.name === name)!.value;
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    const resident = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentKiB(id));
    samples.push({
      takes: made,
      heapMiB: Math.round(of('JSHeapUsedSize') / 2 ** 14) / 64,
      residentMiB: Math.round(Math.max(...resident) / 1024),
      nodes: of('Nodes'),
      listeners: of('JSEventListeners'),
    });
  };
  await page.waitForSelector('.bar .primary:enabled');
  await look(0);
  for (let made = 0; made < takes; made += EACH) {
    await page.evaluate(
      async ([count, each]) => {
        const isOver = (): boolean =>
          Array.from(document.querySelectorAll('figcaption')).every(({ textContent }) => textContent!.includes('seed'));
        for (let n = 0; n < count; n += each) {
          document.querySelector<HTMLButtonElement>('.bar .primary')!.click();
          do await new Promise((go) => setTimeout(go, 10));
          while (!isOver());
        }
      },
      [Math.min(EACH, takes - made), AT_ONCE] as const,
    );
    await look(Math.min(takes, made + EACH));
  }
  await page.close();
  return { voice, samples };
}

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
}
