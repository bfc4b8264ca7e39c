/** Times as people and programs write them: seconds, minutes and hours, or timecode with frames. Each gives seconds. */

/** How frames count: so many a second, and whether drop-frame timecode leaves some labels out. */
export interface FrameRate {
  /** Frames per second, as `29.97` is 30000/1001. */
  fps: number;
  drop: boolean;
}

const NTSC = 1000 / 1001;
const MAX_HOURS = 99;

/** 23.976, 29.97 and their like are meant exactly: a thousand frames in 1001 nominal ones. */
export function exactFps(fps: number): number {
  const nominal = Math.round(fps);
  return Math.abs(fps - nominal * NTSC) < 0.005 ? nominal * NTSC : fps;
}

/**
 * Seconds of `62.5`, `1:02.5`, `0:01:02.5` or the timecode `00:01:02:12`, which needs a frame rate; `;` in it, as in
 * `00:01:02;12`, states drop-frame. Throws what is wrong with any other text.
 */
export function readTime(text: string, rate: Partial<FrameRate> = {}): number {
  const plain = text.trim().replace(',', '.');
  if (/^-/.test(plain)) throw new Error(`expected a time from 0 on; found ${shown(text)}`);
  if (/^\d+(\.\d*)?$|^\.\d+$/.test(plain)) return bounded(Number(plain), text);
  if (/^\d+\.\d+\.\d+$/.test(plain))
    throw new Error(`${shown(text)} counts measures and beats; expected seconds or timecode (minutes:seconds)`);
  const clock = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d*)?)$/.exec(plain);
  if (clock !== null) {
    const [hours, minutes, seconds] = [Number(clock[1] ?? 0), Number(clock[2]), Number(clock[3])];
    if (seconds >= 60 || (clock[1] !== undefined && minutes >= 60)) throw sixty(text);
    return bounded((hours * 60 + minutes) * 60 + seconds, text);
  }
  const code = /^(\d{1,3})[:;](\d{1,2})[:;](\d{1,2})([:;])(\d{1,3})$/.exec(plain);
  if (code === null) throw new Error(`expected a time as 62.5, 1:02.5, 0:01:02.5 or 00:01:02:12; found ${shown(text)}`);
  const [hours, minutes, seconds, frames] = [1, 2, 3, 5].map((i) => Number(code[i])) as [
    number,
    number,
    number,
    number,
  ];
  return bounded(secondsOf({ hours, minutes, seconds, frames }, rateOf(text, code[4] === ';', rate), text), text);
}

interface Code {
  hours: number;
  minutes: number;
  seconds: number;
  frames: number;
}

function rateOf(text: string, isDrop: boolean, { fps, drop = false }: Partial<FrameRate>): FrameRate {
  if (fps !== undefined) return { fps, drop: isDrop || drop };
  if (isDrop || drop) return { fps: 30 * NTSC, drop: true };
  throw new Error(`timecode ${shown(text)} needs the frame rate of the picture; give fps (--fps), as 24, 25 or 29.97`);
}

function secondsOf({ hours, minutes, seconds, frames }: Code, { fps, drop }: FrameRate, text: string): number {
  const exact = exactFps(fps);
  const nominal = Math.round(exact);
  if (minutes >= 60 || seconds >= 60) throw sixty(text);
  if (frames >= nominal)
    throw new Error(`${shown(text)}: expected frames from 0 to ${nominal - 1} at ${fps} frames per second`);
  const all = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames;
  if (!drop) return all / exact;
  if (exact === nominal || nominal % 30 !== 0)
    throw new Error(`${shown(text)} is drop-frame timecode, which is for 29.97 and 59.94; fps is ${fps}`);
  // Labels, not pictures, are left out: the first of each minute that is no tenth.
  const left = nominal / 15;
  if (minutes % 10 !== 0 && seconds === 0 && frames < left)
    throw new Error(`${shown(text)} does not exist in drop-frame timecode; the minute begins with frame ${left}`);
  const whole = hours * 60 + minutes;
  return (all - left * (whole - Math.floor(whole / 10))) / exact;
}

function bounded(seconds: number, text: string): number {
  if (seconds <= MAX_HOURS * 3600) return seconds;
  throw new Error(`${shown(text)} is beyond ${MAX_HOURS} hours`);
}

function sixty(text: string): Error {
  return new Error(`${shown(text)}: expected minutes and seconds below 60`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
