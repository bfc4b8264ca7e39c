import { COLOURS, page, shape, text } from './svg.ts';

export interface Bar {
  label: string;
  /** Seconds. */
  value: number;
}

const ROW = 22;
const LEFT = 330;
const WIDTH = 420;

/** Horizontal bars of seconds on a logarithmic axis, as an SVG. */
export function barChart(bars: readonly Bar[], title: string): string {
  const values = bars.map(({ value }) => Math.log10(Math.max(value, 1e-4)));
  const low = Math.floor(Math.min(-1, ...values));
  const high = Math.ceil(Math.max(0.1, ...values));
  const x = (value: number): number => LEFT + ((value - low) / (high - low)) * WIDTH;
  const height = (bars.length + 3) * ROW;
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i).flatMap((tick) => [
    shape('line', { x1: x(tick), y1: ROW * 1.5, x2: x(tick), y2: height - ROW, stroke: '#ccc' }),
    text(x(tick), height - 6, `${10 ** tick} s`, { 'text-anchor': 'middle' }),
  ]);
  const rows = bars.flatMap(({ label, value }, i) => {
    const y = ROW * (i + 1.6);
    const end = x(values[i]!);
    return [
      text(LEFT - 8, y + 13, label, { 'text-anchor': 'end' }),
      shape('rect', { x: LEFT, y, width: Math.max(1, end - LEFT), height: ROW - 6, fill: COLOURS[0] }),
      text(end + 6, y + 13, String(Number(value.toPrecision(3)))),
    ];
  });
  return page(LEFT + WIDTH + 80, height, [text(8, 16, title, { 'font-weight': 'bold' }), ...ticks, ...rows]);
}
