/**
 * WAV files, mono: written as 32-bit float or 16-bit integer with LIST/INFO comments (RIFF MCI, 1991: ICMT comment,
 * ISFT software), read tolerantly from anywhere.
 */

export type WavFormat = 'f32' | 's16';

export interface WavInfo {
  /** ICMT. */
  comment?: string;
  /** ISFT. */
  software?: string;
}

export interface Wav {
  /** Mono: channels are averaged. */
  pcm: Float32Array;
  /** Hz. */
  rate: number;
  info: WavInfo;
}

export class WavError extends Error {
  override readonly name = 'WavError';
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** Samples beyond -1..1 are kept by f32 and clipped by s16. */
export function encodeWav(pcm: Float32Array, rate: number, format: WavFormat, info: WavInfo = {}): Uint8Array {
  const width = format === 'f32' ? 4 : 2;
  const head = new DataView(new ArrayBuffer(format === 'f32' ? 18 : 16));
  head.setUint16(0, format === 'f32' ? FLOAT : PCM, true);
  head.setUint16(2, 1, true);
  head.setUint32(4, rate, true);
  head.setUint32(8, rate * width, true);
  head.setUint16(12, width, true);
  head.setUint16(14, width * 8, true);
  const data = new DataView(new ArrayBuffer(pcm.length * width));
  for (let i = 0; i < pcm.length; i++) {
    if (format === 'f32') data.setFloat32(i * 4, pcm[i]!, true);
    else data.setInt16(i * 2, toInt16(pcm[i]!), true);
  }
  const chunks = [chunk('fmt ', bytesOf(head))];
  // Wanted by the specification of everything that is not integer PCM.
  if (format === 'f32') chunks.push(chunk('fact', uint32(pcm.length)));
  const list = infoList(info);
  if (list !== null) chunks.push(list);
  chunks.push(chunk('data', bytesOf(data)));
  const body = concat([ascii('WAVE'), ...chunks]);
  return concat([ascii('RIFF'), uint32(body.length), body]);
}

/** Throws WavError, saying what is wrong with the file. */
export function decodeWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE')
    throw new WavError('this is no WAV file');
  let format: { code: number; channels: number; rate: number; bits: number } | null = null;
  let pcm: Float32Array | null = null;
  let info: WavInfo = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = tag(bytes, at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (body + size > bytes.length) throw new WavError(`the file ends in the middle of its ${id.trim()} chunk`);
    if (id === 'fmt ') format = readFormat(view, body, size);
    else if (id === 'LIST') info = { ...info, ...readInfo(bytes.subarray(body, body + size)) };
    else if (id === 'data') {
      if (format === null) throw new WavError('the data come before their format');
      pcm = readSamples(view, body, size, format);
    }
    at = body + size + (size & 1);
  }
  if (format === null || pcm === null) throw new WavError(`the file has no ${format === null ? 'format' : 'data'}`);
  return { pcm, rate: format.rate, info };
}

function readFormat(
  view: DataView,
  at: number,
  size: number,
): { code: number; channels: number; rate: number; bits: number } {
  if (size < 16) throw new WavError('the format chunk is too short');
  let code = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  // The first two bytes of the sub-format's GUID are the code it extends.
  if (code === EXTENSIBLE && size >= 40) code = view.getUint16(at + 24, true);
  const known = (code === PCM && [8, 16, 24, 32].includes(bits)) || (code === FLOAT && [32, 64].includes(bits));
  if (!known) throw new WavError(`format ${code} with ${bits} bits is not supported`);
  if (channels < 1 || channels > 64 || rate < 1) throw new WavError(`${channels} channels at ${rate} Hz make no sense`);
  return { code, channels, rate, bits };
}

function readSamples(
  view: DataView,
  at: number,
  size: number,
  { code, channels, bits }: { code: number; channels: number; bits: number },
): Float32Array {
  const width = bits / 8;
  const frames = Math.floor(size / (width * channels));
  const sample = (place: number): number => {
    if (code === FLOAT) return bits === 32 ? view.getFloat32(place, true) : view.getFloat64(place, true);
    if (bits === 8) return (view.getUint8(place) - 128) / 128;
    if (bits === 16) return view.getInt16(place, true) / 32768;
    if (bits === 24) return ((view.getInt8(place + 2) << 16) | view.getUint16(place, true)) / 8388608;
    return view.getInt32(place, true) / 2147483648;
  };
  const pcm = new Float32Array(frames);
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += sample(at + (frame * channels + channel) * width);
    pcm[frame] = sum / channels;
    if (!Number.isFinite(pcm[frame]!)) throw new WavError('a sample is no number');
  }
  return pcm;
}

function infoList({ comment, software }: WavInfo): Uint8Array | null {
  const items: [string, string | undefined][] = [
    ['ICMT', comment],
    ['ISFT', software],
  ];
  const parts = items.flatMap(([id, text]) =>
    text === undefined ? [] : [chunk(id, concat([new TextEncoder().encode(text), Uint8Array.of(0)]))],
  );
  return parts.length === 0 ? null : chunk('LIST', concat([ascii('INFO'), ...parts]));
}

function readInfo(list: Uint8Array): WavInfo {
  if (list.length < 4 || tag(list, 0) !== 'INFO') return {};
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const info: WavInfo = {};
  for (let at = 4; at + 8 <= list.length; ) {
    const size = view.getUint32(at + 4, true);
    if (at + 8 + size > list.length) break;
    const text = new TextDecoder().decode(list.subarray(at + 8, at + 8 + size)).replace(/\0+$/, '');
    if (tag(list, at) === 'ICMT') info.comment = text;
    if (tag(list, at) === 'ISFT') info.software = text;
    at += 8 + size + (size & 1);
  }
  return info;
}

function toInt16(value: number): number {
  return Math.round(Math.max(-32768, Math.min(32767, value * 32768)));
}

function chunk(id: string, body: Uint8Array): Uint8Array {
  const parts = [ascii(id), uint32(body.length), body];
  // Chunks begin at even places; the padding is not counted.
  return concat(body.length & 1 ? [...parts, Uint8Array.of(0)] : parts);
}

function uint32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return bytesOf(view);
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const tag = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

function concat(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
