/** The axes of a voice's grid, as its card says them. */
export interface GridShape {
  rows: number;
  cols: number;
  rowAxes: readonly string[];
  colAxes: readonly string[];
  /** Codes of a cell. */
  depth: number;
  codebooks: number;
  codes: number;
}

/** Rows go along time in some voices: then each is drawn as a column, so that time always runs to the right. */
export function goesAlongTime({ rowAxes }: GridShape): boolean {
  return rowAxes[0] === 'time';
}

/** Hue of each codebook, coarse to fine. */
const HUES = [38, 172, 212, 268, 324, 96];

/** Codes of a row: a cell has several of them, one after the other, where codebooks are its depth. */
export function codesOfRow({ cols, depth }: GridShape): number {
  return cols * depth;
}

/** The codebook of a code: the outermost of the axes that has one counts slowest. */
function codebookOf(shape: GridShape, row: number, index: number): number {
  const { rows, cols, depth, codebooks, rowAxes, colAxes } = shape;
  const [at, length] = rowAxes.includes('codebook')
    ? [row, rows]
    : colAxes.includes('codebook')
      ? [Math.floor(index / depth), cols]
      : [index % depth, depth];
  return Math.min(codebooks - 1, Math.floor((at * codebooks) / length));
}

const colours = new Map<string, readonly number[]>();

/** Colours of a codebook's codes. Codes have no order, so neighbours differ; the hue tells the codebook. */
function coloursOf(codebook: number, codes: number): readonly number[] {
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

/** Draws rows of codes, one pixel a code: those of the first codebook above those of the next. */
export class GridPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #shape: GridShape;
  readonly #paint: CanvasRenderingContext2D;
  /** A row as it is drawn. */
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;
  readonly #turned: boolean;

  constructor(canvas: HTMLCanvasElement, shape: GridShape) {
    this.#canvas = canvas;
    this.#shape = shape;
    this.#turned = goesAlongTime(shape);
    const codes = codesOfRow(shape);
    [canvas.width, canvas.height] = this.#turned ? [shape.rows, codes] : [codes, shape.rows];
    this.#paint = canvas.getContext('2d')!;
    this.#image = this.#turned ? this.#paint.createImageData(1, codes) : this.#paint.createImageData(codes, 1);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  row(row: number, codes: ArrayLike<number>): void {
    const { cols, depth, codes: values } = this.#shape;
    for (let index = 0; index < Math.min(codes.length, this.#pixels.length); index++) {
      const table = coloursOf(codebookOf(this.#shape, row, index), values);
      const [cell, level] = [Math.floor(index / depth), index % depth];
      // Upright, the first cell, which is the lowest frequency, is at the bottom.
      const place = level * cols + (this.#turned ? cols - 1 - cell : cell);
      this.#pixels[place] = table[codes[index]! % table.length]!;
    }
    if (this.#turned) this.#paint.putImageData(this.#image, row, 0);
    else this.#paint.putImageData(this.#image, 0, row);
  }

  clear(): void {
    this.#paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }
}
