/** The axes of a voice's grid, as its card says them. */
export interface GridShape {
  rows: number;
  cols: number;
  rowAxes: readonly string[];
  colAxes: readonly string[];
  codebooks: number;
  codes: number;
}

/** Rows go along time in some voices: then each is drawn as a column, so that time always runs to the right. */
export function goesAlongTime({ rowAxes }: GridShape): boolean {
  return rowAxes[0] === 'time';
}

/** Hue of each codebook, coarse to fine. */
const HUES = [38, 172, 212, 268, 324, 96];

/** The codebook of a cell: the outermost of the axes that has one counts slowest. */
function codebookOf(shape: GridShape, row: number, col: number): number {
  const isRow = shape.rowAxes.includes('codebook');
  const [at, length] = isRow ? [row, shape.rows] : [col, shape.cols];
  return Math.min(shape.codebooks - 1, Math.floor((at * shape.codebooks) / length));
}

const colours = new Map<string, number[]>();

/** Colours of a codebook's codes. Codes have no order, so neighbours differ; the hue tells the codebook. */
function coloursOf(codebook: number, codes: number): number[] {
  const key = `${codebook} ${codes}`;
  let known = colours.get(key);
  if (known === undefined) {
    known = Array.from({ length: codes }, (_, code) => {
      const mixed = Math.imul(code + 1, 2654435761) >>> 0;
      const lightness = 0.24 + 0.5 * ((mixed & 0xffff) / 0xffff);
      const hue = HUES[codebook % HUES.length]! + (((mixed >>> 16) & 0xff) / 255 - 0.5) * 34;
      return hsl(hue, 0.58, lightness);
    });
    colours.set(key, known);
  }
  return known;
}

/** As a pixel of little-endian RGBA. */
function hsl(hue: number, saturation: number, lightness: number): number {
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return (255 << 24) | (channel(4) << 16) | (channel(8) << 8) | channel(0);
}

/** Draws rows of codes, one pixel a code. */
export class GridPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #shape: GridShape;
  readonly #paint: CanvasRenderingContext2D;

  constructor(canvas: HTMLCanvasElement, shape: GridShape) {
    this.#canvas = canvas;
    this.#shape = shape;
    const turned = goesAlongTime(shape);
    canvas.width = turned ? shape.rows : shape.cols;
    canvas.height = turned ? shape.cols : shape.rows;
    this.#paint = canvas.getContext('2d')!;
  }

  row(row: number, codes: ArrayLike<number>): void {
    const turned = goesAlongTime(this.#shape);
    const image = turned ? this.#paint.createImageData(1, codes.length) : this.#paint.createImageData(codes.length, 1);
    const pixels = new Uint32Array(image.data.buffer);
    for (let col = 0; col < codes.length; col++) {
      const codebook = codebookOf(this.#shape, row, col);
      const table = coloursOf(codebook, this.#shape.codes);
      pixels[turned ? codes.length - 1 - col : col] = table[codes[col]! % table.length]!;
    }
    if (turned) this.#paint.putImageData(image, row, 0);
    else this.#paint.putImageData(image, 0, row);
  }

  clear(): void {
    this.#paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }
}
