/** The broadcast extension of a WAV, version 2 (EBU Tech 3285): where a sound comes from, when, how loud it is. */
import type { Loudness } from './loudness.ts';
import { chunk, concat } from './riff.ts';

export interface Bext {
  /** 256 bytes; these and all other texts are ASCII, and what is not becomes `?`. */
  description: string;
  /** 32 bytes. */
  originator: string;
  /** 32 bytes, of one file only. */
  originatorReference: string;
  /** Milliseconds since 1970; written in UTC, and left empty where nothing tells it. */
  when: number | null;
  /** Samples since midnight. */
  timeReference: number;
  loudness: Loudness;
  /** dBTP; null of silence. */
  truePeak: number | null;
  /** Lines as EBU R98 wants them. */
  codingHistory: readonly string[];
}

const FIXED = 602;
/** Of a measure that has no value. */
const UNKNOWN = 0x7fff;

export function writeBext(bext: Bext): Uint8Array {
  const bytes = new Uint8Array(FIXED);
  const view = new DataView(bytes.buffer);
  const put = (at: number, length: number, text: string): void => bytes.set(plain(text).subarray(0, length), at);
  const [date, time] =
    bext.when === null ? ['', ''] : (new Date(bext.when).toISOString().split('T') as [string, string]);
  put(0, 256, bext.description);
  put(256, 32, bext.originator);
  put(288, 32, bext.originatorReference);
  put(320, 10, date);
  put(330, 8, time);
  view.setBigUint64(338, BigInt(bext.timeReference), true);
  view.setUint16(346, 2, true);
  // 348: the UMID, 64 zeros: there is none.
  const { integrated, range, momentary, shortTerm } = bext.loudness;
  for (const [i, value] of [integrated, range, bext.truePeak, momentary, shortTerm].entries())
    view.setInt16(412 + 2 * i, hundredths(value), true);
  return chunk('bext', concat([bytes, plain(bext.codingHistory.map((line) => `${line}\r\n`).join(''))]));
}

/** What a chunk says; null where it is too short to be one. The loudness of older versions is null. */
export function readBext(
  body: Uint8Array,
): (Omit<Bext, 'when'> & { date: string; time: string; version: number }) | null {
  if (body.length < FIXED) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const text = (at: number, length: number): string => textOf(body.subarray(at, at + length));
  const version = view.getUint16(346, true);
  const [integrated, range, truePeak, momentary, shortTerm] = [0, 2, 4, 6, 8].map((at) => {
    const value = view.getInt16(412 + at, true);
    return version < 2 || value === UNKNOWN ? null : value / 100;
  }) as [number | null, number | null, number | null, number | null, number | null];
  return {
    description: text(0, 256),
    originator: text(256, 32),
    originatorReference: text(288, 32),
    date: text(320, 10),
    time: text(330, 8),
    timeReference: Number(view.getBigUint64(338, true)),
    version,
    loudness: { integrated, range, momentary, shortTerm },
    truePeak,
    codingHistory: textOf(body.subarray(FIXED))
      .split('\r\n')
      .filter((line) => line !== ''),
  };
}

function hundredths(value: number | null): number {
  const rounded = value === null ? UNKNOWN : Math.round(100 * value);
  return rounded < -9999 || rounded > 9999 ? UNKNOWN : rounded;
}

const plain = (text: string): Uint8Array =>
  Uint8Array.from(text.normalize('NFKD').replace(/\p{M}/gu, ''), (char) => (char <= '~' ? char.charCodeAt(0) : 63));

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}
