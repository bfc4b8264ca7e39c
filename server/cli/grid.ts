/** Draws a grid of codes for a terminal: two rows a line, each cell the upper or lower half of a block. */

/** A cell of a grid that is being filled: -1 until its code is there. */
export type Cells = Int32Array;

/** Dark to bright, seven stops; in between is mixed. Chosen to stay apart for people who see few colours. */
const STOPS = [
  [33, 17, 78],
  [87, 24, 110],
  [137, 41, 105],
  [187, 65, 84],
  [227, 105, 50],
  [249, 158, 31],
  [250, 228, 108],
] as const;
const EMPTY = [24, 24, 28] as const;

type Rgb = readonly [number, number, number];

/** Codes have no order, so neighbours in number are spread over the whole ramp (golden ratio). */
export function colourOf(code: number): Rgb {
  if (code < 0) return EMPTY;
  const place = ((code * 0.618_033_988_75) % 1) * (STOPS.length - 1);
  const low = STOPS[Math.floor(place)] ?? STOPS[0];
  const high = STOPS[Math.ceil(place)] ?? low;
  const part = place - Math.floor(place);
  const mix = (i: 0 | 1 | 2) => Math.round(low[i] + (high[i] - low[i]) * part);
  return [mix(0), mix(1), mix(2)];
}

/** 24-bit colour, or the nearest of the 6 x 6 x 6 cube where a terminal has only 256. */
function paint(ground: 38 | 48, [r, g, b]: Rgb, deep: boolean): string {
  if (deep) return `\x1b[${ground};2;${r};${g};${b}m`;
  const six = (v: number) => Math.round((v / 255) * 5);
  return `\x1b[${ground};5;${16 + 36 * six(r) + 6 * six(g) + six(b)}m`;
}

/** Terminal lines that `rows` rows of cells take. */
export const linesOf = (rows: number): number => Math.ceil(rows / 2);

/**
 * One line of the picture, without line break.
 * @param cells rows x cols, row-major
 * @param line 0 for rows 0 and 1, 1 for rows 2 and 3 ...
 * @param deep whether the terminal has 24-bit colour
 */
export function drawLine(cells: Cells, cols: number, line: number, deep: boolean): string {
  const rows = cells.length / cols;
  let text = '';
  let last = '';
  for (let col = 0; col < cols; col++) {
    const upper = cells[2 * line * cols + col] ?? -1;
    const lower = 2 * line + 1 < rows ? (cells[(2 * line + 1) * cols + col] ?? -1) : null;
    const colours = paint(38, colourOf(upper), deep) + (lower === null ? '\x1b[49m' : paint(48, colourOf(lower), deep));
    // Runs of one colour say it once.
    if (colours !== last) text += colours;
    last = colours;
    text += '\u2580';
  }
  return `${text}\x1b[0m`;
}
