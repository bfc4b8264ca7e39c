import { type Cells, drawLine, linesOf } from './grid.ts';

/** Characters of a bar. */
const BAR = 30;

/** Where a view draws; process.stderr is one. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

/** Shows one request to a person while it runs. All methods are called in the order of the events. */
export interface View {
  accepted(job: { class: string; seed: number; voice: string; count: number }): void;
  row(index: number, row: number, rows: number, codes: readonly number[]): void;
  /** Leaves the screen as a person expects it, whether it ended well or not. */
  end(): void;
}

/** A picture where the terminal has room, a bar where it does not, and plain lines where nobody watches. */
export function createView(screen: Screen, env: NodeJS.ProcessEnv = process.env): View {
  const live = screen.isTTY === true && env.TERM !== 'dumb';
  if (!live) return new LineView(screen);
  return new LiveView(
    screen,
    env.NO_COLOR === undefined || env.NO_COLOR === '',
    /truecolor|24bit/.test(env.COLORTERM ?? ''),
  );
}

/** For pipes and logs: says what was asked, then each quarter. */
class LineView implements View {
  readonly #screen: Screen;
  #count = 1;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  accepted(job: { class: string; seed: number; voice: string; count: number }): void {
    this.#count = job.count;
    this.#screen.write(`${title(job)}\n`);
  }

  row(index: number, row: number, rows: number): void {
    const quarter = (n: number) => Math.floor((n * 4) / rows);
    if (quarter(row + 1) === quarter(row)) return;
    const which = this.#count > 1 ? `clip ${index + 1} of ${this.#count}, ` : '';
    this.#screen.write(`${which}row ${row + 1} of ${rows}\n`);
  }

  end(): void {}
}

class LiveView implements View {
  readonly #screen: Screen;
  readonly #colour: boolean;
  readonly #deep: boolean;
  readonly #begun = performance.now();
  #count = 1;
  /** Clips of which not every row is there; several may be made at once. The one that began first is shown. */
  readonly #open = new Map<number, { cells: Cells; rows: number }>();
  #shown = -1;
  /** Lines of the picture on the screen; 0 while there is none. */
  #lines = 0;
  #begunToDraw = false;

  constructor(screen: Screen, colour: boolean, deep: boolean) {
    this.#screen = screen;
    this.#colour = colour;
    this.#deep = deep;
  }

  accepted(job: { class: string; seed: number; voice: string; count: number }): void {
    this.#count = job.count;
    this.#begunToDraw = true;
    this.#screen.write(`\x1b[?25l${title(job)}\n`);
  }

  row(index: number, row: number, rows: number, codes: readonly number[]): void {
    const cols = codes.length;
    const clip = this.#open.get(index) ?? { cells: new Int32Array(rows * cols).fill(-1), rows: 0 };
    this.#open.set(index, clip);
    clip.cells.set(codes, row * cols);
    clip.rows = row + 1;
    const [first] = this.#open;
    const [shown, { cells, rows: done }] = first!;
    if (clip.rows === rows) this.#open.delete(index);
    if (index !== shown) return;
    const changed = shown === this.#shown ? [Math.floor(row / 2)] : this.#makeRoom(linesOf(rows), cols);
    this.#shown = shown;
    let text = '';
    if (this.#lines > 0) {
      for (const line of changed) {
        const up = this.#lines - line;
        text += `\x1b[${up}A\r${drawLine(cells, cols, line, this.#deep)}\x1b[${up}B`;
      }
    }
    this.#screen.write(`${text}\r\x1b[K${this.#status(done, rows)}`);
  }

  end(): void {
    if (this.#begunToDraw) this.#screen.write('\x1b[?25h\n');
    this.#begunToDraw = false;
  }

  /** Empties the place of the picture, once; a second clip is drawn over the first. Returns the lines to draw. */
  #makeRoom(lines: number, cols: number): number[] {
    const { columns = 80, rows = 24 } = this.#screen;
    if (this.#lines === 0) {
      if (!this.#colour || columns <= cols || rows < lines + 3) return [];
      this.#screen.write('\n'.repeat(lines));
      this.#lines = lines;
    }
    return Array.from({ length: lines }, (_, i) => i);
  }

  #status(done: number, rows: number): string {
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1);
    const which = this.#count > 1 ? `clip ${this.#shown + 1} of ${this.#count}, ` : '';
    const bar = this.#lines > 0 ? '' : `${barOf(done / rows)} `;
    return `${bar}${which}row ${done} of ${rows}, ${seconds} s`.slice(0, (this.#screen.columns ?? 80) - 1);
  }
}

/** How much of something is done, 0 to 1, as a bar. */
export function barOf(share: number): string {
  return '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.');
}

function title(job: { class: string; seed: number; voice: string; count: number }): string {
  return `${job.class}, seed ${job.seed}, voice ${job.voice}${job.count > 1 ? `, ${job.count} clips` : ''}`;
}
