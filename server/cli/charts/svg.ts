/** Colours of a chart, distinguishable with every kind of colour vision (Okabe and Ito). */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#777777'] as const;
export const GRID = '#ddd';

type Attributes = Record<string, string | number>;

/** A white page in one typeface, with the given elements on it. Width and height in pixels. */
export function page(width: number, height: number, elements: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${at(width)}" height="${at(height)}" font-family="sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="white"/>${elements.join('')}</svg>\n`
  );
}

/** An element without content; numbers are rounded to a tenth of a pixel. */
export function shape(name: string, attributes: Attributes): string {
  return `<${name}${written(attributes)}/>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return `<text${written({ x, y, ...attributes })}>${escaped(content)}</text>`;
}

/** Of a group: drawn as they come, moved or hung with a note that shows under the pointer. */
export function noted(note: string, elements: readonly string[]): string {
  return `<g><title>${escaped(note)}</title>${elements.join('')}</g>`;
}

export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Round numbers from 0 to at least `most`, four to six of them. */
export function ticksTo(most: number): number[] {
  const top = Number.isFinite(most) && most > 0 ? most : 1;
  const rough = 10 ** Math.floor(Math.log10(top / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * rough).find((size) => top / size <= 5) ?? 10 * rough;
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function written(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? at(value) : escaped(value)}"`)
    .join('');
}

function escaped(content: string): string {
  const known: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for them.
  return content.replace(/[&<>"]/g, (sign) => known[sign]!).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, ' ');
}
