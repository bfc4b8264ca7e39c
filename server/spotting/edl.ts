import { atCell, inCell, lengthUntil, type Marker } from './marker.ts';
import { exactFps, type FrameRate, readTime } from './timecode.ts';

const CODE = String.raw`\d{1,2}[:;]\d{1,2}[:;]\d{1,2}[:;]\d{1,3}`;
const WHOLE_CODE = new RegExp(`^${CODE}$`);

/** Reel and record times of an event: number, reel, track, transition, then source in and out, record in and out. */
function eventOf(line: string): { reel: string; begin: string; end: string } | null {
  // Word by word: one expression for all of it took minutes over a few thousand spaces.
  const words = line.trim().split(/\s+/);
  const codes = words.slice(-4);
  const [number = '', reel = ''] = words;
  if (words.length < 7 || !/^\d{1,6}$/.test(number) || !codes.every((word) => WHOLE_CODE.test(word))) return null;
  return { reel, begin: codes[2]!, end: codes[3]! };
}

/** Whether a text is an edit decision list: a sheet has a line of names, and no line like these. */
export function isEdl(text: string): boolean {
  return text.split(/\r\n|\r|\n/, 50).some((line) => /^\s*(TITLE|FCM)\s*:/i.test(line) || eventOf(line) !== null);
}

interface Event {
  line: number;
  begin: string;
  end: string;
  rate: Partial<FrameRate>;
  isBlack: boolean;
  clip?: { line: number; text: string };
}

/**
 * The markers of a CMX3600 list at their record times: Avid's `* LOC:` and Resolve's `|M:` where there are some, else
 * every event by the name of its clip. Black (BL) has none. Throws with the line.
 */
export function readEdl(text: string, given: Partial<FrameRate>): Marker[] {
  const markers: Marker[] = [];
  const events: Event[] = [];
  let rate = given;
  for (const [i, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const [line, row] = [i + 1, raw.trim()];
    const fcm = /^FCM\s*:\s*(NON-?\s*)?DROP/i.exec(row);
    if (fcm !== null) rate = { ...given, drop: fcm[1] === undefined };
    const event = eventOf(row);
    const last = events.at(-1);
    if (event !== null) {
      const { reel, begin, end } = event;
      events.push({ line, begin, end, rate, isBlack: reel.toUpperCase() === 'BL' });
      continue;
    }
    if (/^\d{3,6}\s+\S+\s+(V|A|B|NONE)/i.test(row))
      throw atCell(line, undefined, 'expected four timecodes: source in and out, record in and out');
    const loc = new RegExp(String.raw`^\*\s*LOC\s*:\s*(${CODE})\s+(\S+)(.*)$`, 'is').exec(row);
    if (loc !== null) markers.push(marker(line, loc[3]!.trim(), () => ({ at: readTime(loc[1]!, rate) })));
    const placed = /\|M:\s*([^|]*)/.exec(row);
    if (placed !== null) {
      if (last === undefined)
        throw atCell(line, undefined, 'a marker (|M:) must follow an event; there is none before it');
      markers.push(marker(line, placed[1]!.trim(), () => timesOf(last, Number(/\|D:\s*(\d+)/.exec(row)?.[1] ?? 1))));
    }
    const clip = /^\*\s*FROM CLIP NAME\s*:(.*)$/is.exec(row);
    if (clip !== null && last !== undefined) last.clip = { line, text: clip[1]!.trim() };
  }
  if (markers.length > 0) return markers;
  return events
    .filter(({ isBlack }) => !isBlack)
    .map((event) => {
      if (event.clip === undefined)
        throw atCell(event.line, undefined, 'the event has no name; expected * FROM CLIP NAME: and a class below it');
      const times = inCell(event.line, undefined, () => timesOf(event));
      return marker(event.clip.line, event.clip.text, () => times);
    });
}

type Times = Pick<Marker, 'at' | 'length'>;

/** Resolve states how many frames a marker lasts; one is a point. */
function timesOf({ begin, end, rate }: Event, frames?: number): Times {
  const at = readTime(begin, rate);
  if (frames === 1) return { at };
  if (frames === undefined) return { at, length: lengthUntil(at, readTime(end, rate)) };
  // Timecode without a frame rate is read as drop-frame of 29.97 alone.
  return { at, length: frames / exactFps(rate.fps ?? 29.97) };
}

function marker(line: number, text: string, times: () => Times): Marker {
  if (text === '') throw atCell(line, undefined, 'the marker has no name; expected that of a class');
  return { line, columns: {}, ...inCell(line, undefined, times), text, isClass: false, more: {} };
}
