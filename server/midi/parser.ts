/** One message of MIDI 1.0, as its bytes say it. */
export type MidiMessage =
  | { type: 'note'; channel: number; note: number; velocity: number; on: boolean }
  | { type: 'cc'; channel: number; controller: number; value: number }
  | { type: 'program'; channel: number; program: number }
  /** How hard a key that is down is pressed; without a note, all of the channel. */
  | { type: 'aftertouch'; channel: number; note?: number; value: number }
  /** -8192 .. 8191. */
  | { type: 'bend'; channel: number; value: number }
  /** Sixteenths since the beginning of the song. */
  | { type: 'position'; sixteenths: number }
  | { type: 'tick' | 'start' | 'continue' | 'stop' };

/** Data bytes of each kind of channel message, by the upper half of its status byte. */
const LENGTHS: Record<number, number> = { 8: 2, 9: 2, 10: 2, 11: 2, 12: 1, 13: 1, 14: 2 };
const REALTIME: Record<number, 'tick' | 'start' | 'continue' | 'stop'> = {
  248: 'tick',
  250: 'start',
  251: 'continue',
  252: 'stop',
};
const SYSEX = 0xf0;
const POSITION = 0xf2;

/**
 * A stream of MIDI bytes, however it is cut (MIDI 1.0 Detailed Specification, 1996): running status, realtime bytes
 * between the bytes of another message, a note-on of velocity 0 as the note's end. What is not listed above is skipped,
 * system exclusive however long.
 */
export class MidiParser {
  readonly #on: (message: MidiMessage) => void;
  /** The status that data bytes belong to; 0 for none. */
  #status = 0;
  #wanted = 0;
  #first = -1;

  constructor(on: (message: MidiMessage) => void) {
    this.#on = on;
  }

  push(bytes: Iterable<number>): void {
    for (const byte of bytes) {
      if (byte >= 0xf8) {
        const type = REALTIME[byte];
        if (type !== undefined) this.#on({ type });
      } else if (byte >= 0x80) this.#begin(byte);
      else this.#data(byte);
    }
  }

  #begin(status: number): void {
    this.#first = -1;
    this.#status = status;
    this.#wanted = status < SYSEX ? LENGTHS[status >> 4]! : status === POSITION ? 2 : 0;
    // System messages end running status; of those that are skipped the data are, too.
    if (this.#wanted === 0) this.#status = 0;
  }

  #data(byte: number): void {
    if (this.#status === 0) return;
    if (this.#wanted === 2 && this.#first < 0) {
      this.#first = byte;
      return;
    }
    const message = read(this.#status, this.#wanted === 2 ? this.#first : byte, byte);
    this.#first = -1;
    if (this.#status >= SYSEX) this.#status = 0;
    if (message !== null) this.#on(message);
  }
}

function read(status: number, one: number, two: number): MidiMessage | null {
  const channel = (status & 15) + 1;
  if (status === POSITION) return { type: 'position', sixteenths: one + (two << 7) };
  switch (status >> 4) {
    case 8:
      return { type: 'note', channel, note: one, velocity: two, on: false };
    case 9:
      return { type: 'note', channel, note: one, velocity: two, on: two > 0 };
    case 10:
      return { type: 'aftertouch', channel, note: one, value: two };
    case 11:
      return { type: 'cc', channel, controller: one, value: two };
    case 12:
      return { type: 'program', channel, program: one };
    case 13:
      return { type: 'aftertouch', channel, value: one };
    case 14:
      return { type: 'bend', channel, value: one + (two << 7) - 8192 };
    default:
      return null;
  }
}
