/** iXML (version 2.1 of its specification): XML in a chunk, with a block of ASWG's for sounds of a library. */
import { chunk } from './riff.ts';
import { element, type XmlTree } from './xml.ts';

export function writeIxml(tree: XmlTree): Uint8Array {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${element('BWFXML', [['IXML_VERSION', '2.10'], ...tree])}`;
  return chunk('iXML', new TextEncoder().encode(text));
}
