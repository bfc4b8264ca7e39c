import { at, GRID, noted, page, shape, text, ticksTo } from './svg.ts';

export interface Point {
  x: number;
  y: number;
  /** Ends of the interval around it; null or left out: none is drawn. */
  low?: number | null;
  high?: number | null;
  /** Drawn larger, with a ring. */
  marked?: boolean;
  /** Shows under the pointer. */
  note?: string;
}

/** Points that share a line, because they can be compared. */
export interface Series {
  colour: string;
  points: readonly Point[];
}

export interface Panel {
  title: string;
  /** Of the field inside the axes, in pixels. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Ends of the x axis, in its own unit. */
  from: number;
  to: number;
  /** Below the axis. Slanted where they would run into each other. */
  ticks: readonly { x: number; label: string }[];
  slanted?: boolean;
  series: readonly Series[];
  /** A dashed line across, and what it is. */
  level?: { y: number; label: string };
}

/** Room that a panel takes outside of its field. */
export const MARGIN = { left: 52, top: 26, bottom: 24, slanted: 96 } as const;

/** Series over an axis of their own, y from 0, as elements of an SVG. */
export function panel(of: Panel): string[] {
  const { left, top, width, height, from, to, series, level } = of;
  const all = series.flatMap(({ points }) => points.map(({ y, high }) => Math.max(y, high ?? y)));
  const marks = ticksTo(Math.max(0, level?.y ?? 0, ...all));
  const most = marks.at(-1)!;
  const x = (value: number): number => left + (to === from ? 0.5 : (value - from) / (to - from)) * width;
  const y = (value: number): number => top + height - (value / most) * height;
  const bottom = top + height;
  const out = [text(left - MARGIN.left + 8, top - 10, of.title, { 'font-weight': 'bold' })];
  for (const mark of marks) {
    out.push(
      shape('line', { x1: left, y1: y(mark), x2: left + width, y2: y(mark), stroke: mark === 0 ? '#888' : GRID }),
    );
    out.push(text(left - 6, y(mark) + 4, String(mark), { 'text-anchor': 'end', fill: '#555', 'font-size': 11 }));
  }
  for (const { x: place, label } of of.ticks) {
    const px = x(place);
    out.push(shape('line', { x1: px, y1: bottom, x2: px, y2: bottom + 4, stroke: '#888' }));
    const turned = { 'text-anchor': 'end', transform: `rotate(-40 ${at(px + 3)} ${at(bottom + 15)})` };
    out.push(
      text(
        px + (of.slanted ? 3 : 0),
        bottom + (of.slanted ? 15 : 17),
        label,
        of.slanted ? turned : { 'text-anchor': 'middle' },
      ),
    );
  }
  if (level !== undefined) {
    const line = { x1: left, x2: left + width, y1: y(level.y), y2: y(level.y) };
    out.push(shape('line', { ...line, stroke: '#b55', 'stroke-dasharray': '4' }));
    out.push(text(left + 4, y(level.y) - 4, level.label, { fill: '#b55' }));
  }
  // Intervals lie below the lines, and both below the points.
  for (const { colour, points } of series) out.push(...points.flatMap((point) => interval(point, colour, x, y)));
  for (const { colour, points } of series) {
    if (points.length < 2) continue;
    const line = points.map((point) => `${at(x(point.x))},${at(y(point.y))}`).join(' ');
    out.push(shape('polyline', { points: line, fill: 'none', stroke: colour, 'stroke-width': 1.5 }));
  }
  for (const { colour, points } of series) {
    for (const point of points) out.push(dot(x(point.x), y(point.y), colour, point));
  }
  return out;
}

/** One panel as a picture of its own. */
export function lineChart(of: Omit<Panel, 'left' | 'top'>, below = ''): string {
  const [left, top] = [MARGIN.left, MARGIN.top];
  const height = top + of.height + MARGIN.bottom + (below === '' ? 0 : 18);
  const caption = below === '' ? [] : [text(left + of.width / 2, height - 8, below, { 'text-anchor': 'middle' })];
  return page(left + of.width + 20, height, [...panel({ ...of, left, top }), ...caption]);
}

type Place = (value: number) => number;

function interval({ x: place, low, high }: Point, colour: string, x: Place, y: Place): string[] {
  if (low == null || high == null) return [];
  const ink = { stroke: colour, 'stroke-opacity': '0.5' };
  const px = x(place);
  return [
    shape('line', { x1: px, x2: px, y1: y(low), y2: y(high), ...ink }),
    ...[low, high].map((end) => shape('line', { x1: px - 4, x2: px + 4, y1: y(end), y2: y(end), ...ink })),
  ];
}

function dot(cx: number, cy: number, colour: string, { marked = false, note }: Point): string {
  const ring = marked ? shape('circle', { cx, cy, r: 7, fill: 'none', stroke: colour, 'stroke-width': 1.5 }) : '';
  const circle = ring + shape('circle', { cx, cy, r: marked ? 4 : 3, fill: colour });
  return note === undefined ? circle : noted(note, [circle]);
}
