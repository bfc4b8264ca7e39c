/** Frames that were right, with a few faults. Everything follows from one seed. */

/** What parsers trip over: keys of prototypes, numbers that are none, marks of the formats, halves of characters. */
const WORDS = [
  ...[
    '__proto__',
    'constructor',
    '"id":',
    '{"',
    '[[[[[[[[[[[[[[[[[[[[',
    '1e999',
    '-0',
    'null',
    '\\u0000',
    '\\ud800',
    '""',
  ],
  ...[
    '#bundle\0',
    '/foley/reply\0\0\0\0',
    ',',
    ',[[[[',
    ']]]]',
    'LIST',
    'INFO',
    'data',
    'fmt ',
    '==',
    '\0\0\0\0',
    '\r\n\r\n',
  ],
].map((word) => new TextEncoder().encode(word));
const RAW = [
  [0xff, 0xfe],
  [0xc1],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xc9],
  [0xf0],
  [0xf7],
  [0xed, 0xa0, 0x80],
];
const LENGTHS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

type Change = (frame: Uint8Array, random: (below: number) => number, other: Uint8Array) => Uint8Array;

const changes: Record<string, Change> = {
  flip(frame, random) {
    const out = frame.slice();
    for (let bits = 1 + random(8); bits > 0 && out.length > 0; bits--) out[random(out.length)]! ^= 1 << random(8);
    return out;
  },
  cut: (frame, random) => frame.slice(0, random(frame.length + 1)),
  remove(frame, random) {
    const from = random(frame.length + 1);
    return joined(frame.subarray(0, from), frame.subarray(from + 1 + random(8)));
  },
  double(frame, random) {
    const from = random(frame.length + 1);
    const to = from + random(frame.length - from + 1);
    return joined(frame.subarray(0, to), frame.subarray(from));
  },
  splice: (frame, random, other) =>
    joined(frame.subarray(0, random(frame.length + 1)), other.subarray(random(other.length + 1))),
  /** A number that may say how much follows, in either order of bytes, or one beside what is there. */
  length(frame, random) {
    const width = [1, 2, 4][random(3)]!;
    if (frame.length < width) return frame;
    const out = frame.slice();
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
    const at = random(2) === 0 ? random(out.length - width + 1) : random(Math.floor(out.length / width)) * width;
    const little = random(2) === 0;
    const now = width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at, little) : view.getUint32(at, little);
    const value = random(3) === 0 ? now + random(9) - 4 : LENGTHS[random(LENGTHS.length)]!;
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, little);
    else view.setUint32(at, value, little);
    return out;
  },
  insert(frame, random) {
    const at = random(frame.length + 1);
    const noise = Uint8Array.from({ length: 1 + random(8) }, () => random(256));
    return joined(frame.subarray(0, at), noise, frame.subarray(at));
  },
  word(frame, random) {
    const at = random(frame.length + 1);
    const pick = random(WORDS.length + RAW.length);
    return joined(frame.subarray(0, at), WORDS[pick] ?? Uint8Array.from(RAW[pick - WORDS.length]!), frame.subarray(at));
  },
  /** The same over and over: what reads it again from each place takes minutes. */
  run(frame, random) {
    const at = random(frame.length + 1);
    const filler = [0, 0x20, 0x2d, 0x30, 0x61, frame[at] ?? 0x3a][random(6)]!;
    return joined(frame.subarray(0, at), new Uint8Array(16 << random(11)).fill(filler), frame.subarray(at));
  },
  /** A digit or a letter for another: what stays readable goes further than what does not. */
  letter(frame, random) {
    const out = frame.slice();
    for (let tries = 0; tries < 20 && out.length > 0; tries++) {
      const at = random(out.length);
      if (out[at]! < 0x30 || out[at]! > 0x7a) continue;
      out[at] = out[at]! < 0x3a ? 0x30 + random(10) : 0x61 + random(26);
      break;
    }
    return out;
  },
};
const kinds = Object.values(changes);
/** Doubling over and over would make frames that are only long. */
const MAX_BYTES = 1 << 16;

/** One change, or up to four; the result is a copy. `other` is another frame of the same kind, to splice with. */
export function mutate(frame: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  let out: Uint8Array = frame.slice();
  for (let times = below(3) < 2 ? 1 : 2 + below(3); times > 0; times--)
    out = (below(3) === 0 ? changes.letter! : kinds[below(kinds.length)]!)(out, below, other);
  return out.length > MAX_BYTES ? out.slice(0, MAX_BYTES) : out;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
