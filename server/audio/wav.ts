/**
 * WAV files, mono: written as 32-bit float or 16-bit integer with LIST/INFO comments (RIFF MCI, 1991: ICMT comment,
 * ISFT software), read tolerantly from anywhere.
 */
import { ascii, bytesOf, chunk, chunksOf, concat, isWave, tag, uint32 } from './riff.ts';

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
  const list = infoList([
    ['ICMT', info.comment],
    ['ISFT', info.software],
  ]);
  const sound = format === 'f32' ? pcm : Int32Array.from(pcm, toInt16);
  const layout = { rate, channels: 1, bits: format === 'f32' ? 32 : 16 } as const;
  return packWav(sound, layout, [...wavFormat(layout, pcm.length), ...(list === null ? [] : [list])]);
}

/** Interleaved samples: integers of 16 or 24 bits, or floats of 32. */
export interface WavLayout {
  /** Hz. */
  rate: number;
  channels: number;
  bits: 16 | 24 | 32;
}

/** The chunks that say how samples lie; WAVE_FORMAT_PCM for integers, which every reader knows. */
export function wavFormat({ rate, channels, bits }: WavLayout, frames: number): Uint8Array[] {
  const isFloat = bits === 32;
  const width = bits / 8;
  const head = new DataView(new ArrayBuffer(isFloat ? 18 : 16));
  head.setUint16(0, isFloat ? FLOAT : PCM, true);
  head.setUint16(2, channels, true);
  head.setUint32(4, rate, true);
  head.setUint32(8, rate * width * channels, true);
  head.setUint16(12, width * channels, true);
  head.setUint16(14, bits, true);
  const format = chunk('fmt ', bytesOf(head));
  // Wanted by the specification of everything that is not integer PCM.
  return isFloat ? [format, chunk('fact', uint32(frames))] : [format];
}

/**
 * The same for 24 bits as `flac -d` writes it, whatever the file said before: WAVE_FORMAT_EXTENSIBLE, front left first.
 */
export function wavFormatOfFlac(layout: WavLayout): Uint8Array[] {
  const [plain] = wavFormat(layout, 0);
  if (layout.bits === 16) return [plain!];
  const more = new DataView(new ArrayBuffer(40));
  bytesOf(more).set(plain!.subarray(8, 24));
  more.setUint16(0, EXTENSIBLE, true);
  more.setUint16(16, 22, true);
  more.setUint16(18, layout.bits, true);
  more.setUint32(20, layout.channels === 1 ? 1 : 3, true);
  // KSDATAFORMAT_SUBTYPE_PCM.
  bytesOf(more).set([1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71], 24);
  return [chunk('fmt ', bytesOf(more))];
}

/** A whole file: the chunks given, in their order, and the samples after them. */
export function packWav(
  sound: Float32Array | Int32Array,
  { bits }: WavLayout,
  before: readonly Uint8Array[],
): Uint8Array {
  const data = new DataView(new ArrayBuffer(sound.length * (bits / 8)));
  for (let i = 0; i < sound.length; i++) {
    if (bits === 32) data.setFloat32(i * 4, sound[i]!, true);
    else if (bits === 16) data.setInt16(i * 2, sound[i]!, true);
    else {
      data.setUint16(i * 3, sound[i]! & 0xffff, true);
      data.setInt8(i * 3 + 2, sound[i]! >> 16);
    }
  }
  const body = concat([ascii('WAVE'), ...before, chunk('data', bytesOf(data))]);
  return concat([ascii('RIFF'), uint32(body.length), body]);
}

/** Throws WavError, saying what is wrong with the file. */
export function decodeWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isWave(bytes)) throw new WavError('this is no WAV file');
  let format: { code: number; channels: number; rate: number; bits: number } | null = null;
  let pcm: Float32Array | null = null;
  let info: WavInfo = {};
  for (const { id, at: body, size } of chunksOf(bytes, 12)) {
    if (body + size > bytes.length) throw new WavError(`the file ends in the middle of its ${id.trim()} chunk`);
    if (id === 'fmt ') format = readFormat(view, body, size);
    else if (id === 'LIST') info = { ...info, ...readInfo(bytes.subarray(body, body + size)) };
    else if (id === 'data') {
      if (format === null) throw new WavError('the data come before their format');
      pcm = readSamples(view, body, size, format);
    }
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

/** LIST/INFO of some texts by their ids; null of none. */
export function infoList(items: readonly (readonly [id: string, text: string | undefined])[]): Uint8Array | null {
  const parts = items.flatMap(([id, text]) =>
    text === undefined ? [] : [chunk(id, concat([new TextEncoder().encode(text), Uint8Array.of(0)]))],
  );
  return parts.length === 0 ? null : chunk('LIST', concat([ascii('INFO'), ...parts]));
}

function readInfo(list: Uint8Array): WavInfo {
  if (list.length < 4 || tag(list, 0) !== 'INFO') return {};
  const info: WavInfo = {};
  for (const { id, at, size } of chunksOf(list, 4)) {
    if (at + size > list.length) break;
    const text = new TextDecoder().decode(list.subarray(at, at + size)).replace(/\0+$/, '');
    if (id === 'ICMT') info.comment = text;
    if (id === 'ISFT') info.software = text;
  }
  return info;
}

function toInt16(value: number): number {
  return Math.round(Math.max(-32768, Math.min(32767, value * 32768)));
}
