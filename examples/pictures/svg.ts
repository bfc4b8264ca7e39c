/** The few shapes that the pictures of examples are made of, and their file. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { decodeWav } from '../../server/audio/wav.ts';
import { example, type Stage } from '../test/stage.ts';

/** Runs an example and draws what it did. */
export type Draw = (staged: Stage, t: TestContext) => Promise<void>;

export const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? one);

export interface Look {
  fill?: string;
  stroke?: string;
  size?: number;
  bold?: boolean;
  middle?: boolean;
}

export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  { fill = '#fff', stroke = '#444' }: Look = {},
): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="3" fill="${fill}" stroke="${stroke}"/>`;
}

export function words(
  x: number,
  y: number,
  text: string,
  { fill = '#222', size = 12, bold, middle }: Look = {},
): string {
  const more = `${bold === true ? ' font-weight="bold"' : ''}${middle === true ? ' text-anchor="middle"' : ''}`;
  return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}"${more} xml:space="preserve">${escaped(text)}</text>`;
}

/** The extremes of a sound in each column of a pixel. */
export function wave(pcm: Float32Array, x: number, y: number, width: number, height: number, fill = '#2a6f97'): string {
  const columns = Math.max(2, Math.round(width));
  const middle = y + height / 2;
  const largest = pcm.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-9);
  const edge = (pick: (a: number, b: number) => number): string[] =>
    Array.from({ length: columns }, (_, column) => {
      const part = pcm.subarray(
        Math.floor((column * pcm.length) / columns),
        Math.max(1, Math.floor(((column + 1) * pcm.length) / columns)),
      );
      const level = part.reduce((a, b) => pick(a, b), 0) / largest;
      return `${(x + (column * width) / columns).toFixed(1)} ${(middle - (level * height) / 2).toFixed(1)}`;
    });
  const points = [...edge(Math.max), ...edge(Math.min).reverse()];
  return `<path d="M${points.join('L')}Z" fill="${fill}" stroke="${fill}" stroke-width="0.5"/>`;
}

export const soundOf = (file: string): Float32Array => decodeWav(readFileSync(file)).pcm;

/** What an example's README says of its picture. */
function titleOf(name: string): string {
  const said = /!\[([^\]]+)\]\(picture\.svg\)/.exec(
    readFileSync(example(path.join(path.dirname(name), 'README.md')), 'utf8'),
  );
  if (said === null) throw new Error(`the README beside ${name} does not show it`);
  return escaped(said[1]!);
}

/** @param name below `examples` */
export function write(name: string, width: number, height: number, shapes: string[], ground = '#f3f2ee'): void {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans Mono, monospace">`;
  const title = `<title>${titleOf(name)}</title>`;
  const under = `<rect width="${width}" height="${height}" fill="${ground}"/>`;
  writeFileSync(example(name), `${[head, title, under, ...shapes].join('\n')}\n</svg>\n`);
}
