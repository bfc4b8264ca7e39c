/**
 * Reads WAV files as mono, tolerantly, as libsndfile does: sizes that lie (pipes, recorders that lost power, transfers
 * that broke off) cost no sample that is there.
 */

import { G711_ALAW, G711_ULAW } from './g711.ts';
import { type Chunk, chunksOf, isWave, tag } from './riff.ts';

export interface WavInfo {
  /** ICMT. */
  comment?: string;
  /** ISFT. */
  software?: string;
}

export interface Wav {
  /** Mono: channels are averaged, unless that would cancel the sound. */
  pcm: Float32Array;
  /** Hz. */
  rate: number;
  info: WavInfo;
}

export class WavError extends Error {
  override readonly name = 'WavError';
}

interface Format {
  code: number;
  channels: number;
  rate: number;
  bits: number;
}

const [PCM, FLOAT, ALAW, ULAW] = [1, 3, 6, 7] as const;
const EXTENSIBLE = 0xfffe;
/** Codes of mmreg.h that files in the field carry and that are not decoded here. */
const NAMES: Record<number, string> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  20: 'ITU G.723 ADPCM',
  34: 'TrueSpeech',
  49: 'GSM 6.10',
  64: 'ITU G.721 ADPCM',
  80: 'MPEG audio',
  85: 'MP3',
  255: 'AAC',
  353: 'Windows Media Audio',
};
/** How other audio files begin, for an error that names them. */
const OTHERS: readonly [at: number, magic: string, name: string][] = [
  [0, 'RIFX', 'a big-endian WAV (RIFX)'],
  [0, 'fLaC', 'a FLAC file'],
  [0, 'OggS', 'an Ogg file'],
  [0, 'FORM', 'an AIFF file'],
  [0, 'riff', 'a Wave64 file'],
  [0, 'caff', 'a CAF file'],
  [0, '.snd', 'an AU file'],
  [0, 'ID3', 'an MP3 file'],
  [4, 'ftyp', 'an MP4 (M4A) file'],
];
/** Below this share of the loudest channel's energy, the average of the channels has cancelled the sound. */
const CANCELLED = 0.01;

/** Throws WavError, saying what is wrong with the file. */
export function decodeWav(bytes: Uint8Array): Wav {
  if (!isWave(bytes)) throw new WavError(notWave(bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | null = null;
  let pcm: Float32Array | null = null;
  let info: WavInfo = {};
  /** Of a file with 64-bit sizes (RF64 and BW64, EBU Tech 3306): bytes of its samples. */
  let long: number | null = null;
  for (const chunk of chunksOf(bytes, 12)) {
    const { id, at } = chunk;
    const end = Math.min(at + chunk.size, bytes.length);
    if (id === 'ds64' && end - at >= 16) long = Number(view.getBigUint64(at + 8, true));
    else if (id === 'fmt ') format ??= readFormat(view, at, end - at);
    else if (id === 'LIST') info = { ...info, ...readInfo(bytes.subarray(at, end)) };
    else if (id === 'data' && pcm === null) {
      if (format === null) throw new WavError('the data chunk comes before the format chunk');
      const size = dataSize(bytes, chunk, long);
      pcm = readSamples(view, at, size, format);
      // Behind samples whose size lied there is no chunk to look for.
      if (size !== chunk.size) break;
    }
  }
  if (format === null) throw new WavError('the file has no format chunk');
  if (pcm === null) throw new WavError('the file has no data chunk');
  return { pcm, rate: format.rate, info };
}

/** Bytes of the samples: what the file says where that can be, else all that is there. */
function dataSize(bytes: Uint8Array, { at, size }: Chunk, long: number | null): number {
  const rest = bytes.length - at;
  const said = size === 0xffffffff && long !== null ? long : size;
  if (said > rest) return rest;
  // A recorder that was cut off, or a pipe: the size was never filled in, and what follows is no chunk.
  if (said === 0 && rest > 0 && !endsWithChunks(bytes, at)) return rest;
  return said;
}

/** Whether whole chunks fill the file from here to its end. */
function endsWithChunks(bytes: Uint8Array, from: number): boolean {
  let end = from;
  for (const { id, at, size } of chunksOf(bytes, from)) {
    if (!/^[\x20-\x7e]{4}$/.test(id) || at + size > bytes.length) return false;
    end = at + size + (size & 1);
  }
  return end >= bytes.length;
}

function readFormat(view: DataView, at: number, size: number): Format {
  if (size < 16) throw new WavError('the format chunk is shorter than 16 bytes');
  let code = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  // The first two bytes of the sub-format's GUID are the code it extends.
  if (code === EXTENSIBLE && size >= 40) code = view.getUint16(at + 24, true);
  if (channels < 1 || channels > 64 || rate < 1)
    throw new WavError(`the format chunk states ${channels} channels at ${rate} Hz`);
  const law = code === ALAW || code === ULAW;
  const known =
    (code === PCM && bits >= 1 && bits <= 32) ||
    (code === FLOAT && (bits === 32 || bits === 64)) ||
    (law && bits === 8);
  if (known) return { code, channels, rate, bits };
  const name = NAMES[code] ?? (code === FLOAT || code === PCM || law ? `${bits}-bit samples` : `format ${code}`);
  throw new WavError(`${name} is not supported; save the file as 16 or 24-bit PCM or 32-bit float`);
}

function readSamples(view: DataView, at: number, size: number, { code, channels, bits }: Format): Float32Array {
  const width = Math.ceil(bits / 8);
  const frames = Math.floor(size / (width * channels));
  const sample = sampleReader(view, code, width, bits);
  const pcm = new Float32Array(frames);
  const energies = new Float64Array(channels);
  let mixed = 0;
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      const value = sample(at + (frame * channels + channel) * width);
      sum += value;
      energies[channel]! += value * value;
    }
    const mean = sum / channels;
    pcm[frame] = mean;
    mixed += mean * mean;
    if (!Number.isFinite(pcm[frame]!)) throw new WavError(`sample ${frame + 1} is not a finite number`);
  }
  const loudest = energies.reduce((best, energy, channel) => (energy > energies[best]! ? channel : best), 0);
  if (channels === 1 || mixed >= CANCELLED * energies[loudest]!) return pcm;
  // Channels in opposite phase: their average would be silence, so the loudest one stands for the sound.
  for (let frame = 0; frame < frames; frame++) pcm[frame] = sample(at + (frame * channels + loudest) * width);
  return pcm;
}

function sampleReader(view: DataView, code: number, width: number, bits: number): (at: number) => number {
  if (code === ALAW) return (at) => G711_ALAW[view.getUint8(at)]!;
  if (code === ULAW) return (at) => G711_ULAW[view.getUint8(at)]!;
  if (code === FLOAT) return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  // Fewer bits than the bytes hold lie at their upper end, so the scale is that of the bytes.
  if (width === 1) return (at) => (view.getUint8(at) - 128) / 128;
  if (width === 2) return (at) => view.getInt16(at, true) / 32_768;
  if (width === 3) return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 8_388_608;
  return (at) => view.getInt32(at, true) / 2_147_483_648;
}

/** Without the zeros at its end. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
}

function readInfo(list: Uint8Array): WavInfo {
  if (list.length < 4 || tag(list, 0) !== 'INFO') return {};
  const info: WavInfo = {};
  for (const { id, at, size } of chunksOf(list, 4)) {
    if (at + size > list.length) break;
    const text = new TextDecoder().decode(withoutPadding(list.subarray(at, at + size)));
    if (id === 'ICMT') info.comment = text;
    if (id === 'ISFT') info.software = text;
  }
  return info;
}

function notWave(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'the file is empty; expected a WAV file';
  const latin = String.fromCharCode(...bytes.subarray(0, 12));
  const name = OTHERS.find(([at, magic]) => latin.startsWith(magic, at))?.[2];
  return name === undefined ? 'not a WAV file' : `this is ${name}; expected a WAV file`;
}
