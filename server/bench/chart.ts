export interface Bar {
  label: string;
  /** Seconds. */
  value: number;
}

const ROW = 22;
const LEFT = 330;
const WIDTH = 420;

/** Horizontal bars on a logarithmic axis, as an SVG. */
export function chart(bars: readonly Bar[], title: string): string {
  const values = bars.map(({ value }) => Math.log10(Math.max(value, 1e-4)));
  const low = Math.floor(Math.min(-1, ...values));
  const high = Math.ceil(Math.max(0.1, ...values));
  const x = (value: number): number => LEFT + ((value - low) / (high - low)) * WIDTH;
  const height = (bars.length + 3) * ROW;
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const lines = ticks.map(
    (tick) =>
      `<line x1="${x(tick)}" y1="${ROW * 1.5}" x2="${x(tick)}" y2="${height - ROW}" stroke="#ccc"/>` +
      `<text x="${x(tick)}" y="${height - 6}" text-anchor="middle">${10 ** tick} s</text>`,
  );
  const rows = bars.map(({ label, value }, i) => {
    const y = ROW * (i + 1.6);
    const end = x(values[i]!);
    return (
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>` +
      `<rect x="${LEFT}" y="${y}" width="${Math.max(1, end - LEFT).toFixed(1)}" height="${ROW - 6}" fill="#3b6ea5"/>` +
      `<text x="${(end + 6).toFixed(1)}" y="${y + 13}">${Number(value.toPrecision(3))}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 80}" height="${height}" font-family="sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="white"/><text x="8" y="16" font-weight="bold">Seconds per clip of 4 s: ${escaped(title)}</text>` +
    `${lines.join('')}${rows.join('')}</svg>\n`
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
