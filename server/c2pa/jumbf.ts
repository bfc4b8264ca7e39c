/** JUMBF (ISO/IEC 19566-5): boxes of a length, a type and a body; superboxes have a description first, then boxes. */

export interface SuperBox {
  /** Four letters: what it is. */
  type: string;
  label: string;
  /** Superboxes, or one box of content with a type of its own. */
  parts: readonly (SuperBox | Content)[];
}

export interface Content {
  content: 'cbor' | 'json';
  bytes: Uint8Array;
}

export interface ReadBox extends SuperBox {
  parts: readonly (ReadBox | Content)[];
  /** As it came, without its own length and type: this is what references to it are hashes of. */
  body: Uint8Array;
}

/** What cannot be read. */
export class JumbfError extends Error {}

/** The second half of every type's UUID. */
const UUID_END = Buffer.from('00110010800000aa00389b71', 'hex');
/** It has a label, and may be asked for by it. */
const TOGGLES = 3;
const DEEPEST = 8;

export function encodeBox(box: SuperBox | Content): Buffer {
  return 'content' in box ? boxed(box.content, box.bytes) : boxed('jumb', bodyOf(box));
}

/** As `ReadBox.body`. */
export function bodyOf({ type, label, parts }: SuperBox): Buffer {
  const description = Buffer.concat([
    Buffer.from(type, 'latin1'),
    UUID_END,
    Buffer.from([TOGGLES]),
    Buffer.from(`${label}\0`, 'utf8'),
  ]);
  return Buffer.concat([boxed('jumd', description), ...parts.map(encodeBox)]);
}

function boxed(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** Throws JumbfError. */
export function decodeBox(bytes: Uint8Array): ReadBox {
  const [box, ...others] = boxesIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (box?.type !== 'jumb' || others.length > 0) throw new JumbfError('expected one superbox');
  return superBox(box.body, 0);
}

function superBox(body: Buffer, depth: number): ReadBox {
  if (depth > DEEPEST) throw new JumbfError('nested too deep');
  const [first, ...others] = boxesIn(body);
  if (first?.type !== 'jumd' || first.body.length < 18) throw new JumbfError('a superbox has no description');
  const end = first.body.indexOf(0, 17);
  if (end < 0) throw new JumbfError('a label does not end');
  const parts = others.flatMap(({ type, body: inner }): (ReadBox | Content)[] => {
    if (type === 'jumb') return [superBox(inner, depth + 1)];
    // Salt and other boxes say nothing that is read here.
    return type === 'cbor' || type === 'json' ? [{ content: type, bytes: inner }] : [];
  });
  return { type: first.body.toString('latin1', 0, 4), label: first.body.toString('utf8', 17, end), parts, body };
}

function boxesIn(bytes: Buffer): { type: string; body: Buffer }[] {
  const boxes = [];
  for (let at = 0; at < bytes.length; ) {
    const size = at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    if (size < 8 || at + size > bytes.length) throw new JumbfError('a box is longer than what it is in');
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), body: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return boxes;
}
