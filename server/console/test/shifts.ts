import type { Page } from 'playwright-core';

interface Shift {
  value: number;
  of: string[];
}

/** Records what moves by itself in a page, from its beginning; what a key or a click moves at once does not count. */
export async function recordShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    interface Entry extends PerformanceEntry {
      value: number;
      hadRecentInput: boolean;
      sources: { node: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
    }
    const found: Shift[] = [];
    Object.assign(globalThis, { shifts: found });
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries() as Entry[])
        if (!hadRecentInput)
          found.push({
            value,
            of: sources.map(({ node, previousRect: was, currentRect: is }) => {
              const of =
                node instanceof Element ? `${node.localName}.${node.classList[0] ?? ''}` : String(node?.nodeName);
              return `${of} from ${Math.round(was.x)},${Math.round(was.y)} to ${Math.round(is.x)},${Math.round(is.y)}`;
            }),
          });
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** The layout-shift scores since the page began, together, and what moved most. */
export async function shiftsOf(page: Page): Promise<{ sum: number; worst: string }> {
  const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: Shift[] }).shifts);
  const worst = shifts.toSorted((a, b) => b.value - a.value)[0];
  return {
    sum: shifts.reduce((sum, { value }) => sum + value, 0),
    worst: worst === undefined ? 'nothing' : `${worst.value.toFixed(4)}: ${worst.of.join('; ')}`,
  };
}
