/** iXML (version 2.1 of its specification): XML in a chunk, with a block of ASWG's for sounds of a library. */
import { chunk } from './riff.ts';

/** Elements in their order; a value that is undefined is left out. */
export type XmlTree = readonly (readonly [name: string, value: string | number | XmlTree | undefined])[];

export function writeIxml(tree: XmlTree): Uint8Array {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${element('BWFXML', [['IXML_VERSION', '2.10'], ...tree], '')}`;
  return chunk('iXML', new TextEncoder().encode(text));
}

function element(name: string, value: string | number | XmlTree, indent: string): string {
  if (typeof value !== 'object') return `${indent}<${name}>${escaped(String(value))}</${name}>\n`;
  const inner = value.map(([key, one]) => (one === undefined ? '' : element(key, one, `${indent}  `))).join('');
  return `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
}

/** Without what XML 1.0 cannot hold at all. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
