import { MidiClock } from './clock.ts';
import { type MidiMessage, MidiParser } from './parser.ts';

/** What comes from an input and may trigger something. `at` is in milliseconds since 1970. */
export type MidiEvent = Extract<MidiMessage, { type: 'note' | 'cc' | 'program' | 'aftertouch' }> & {
  at: number;
  device: string;
};

/** Two clocks told apart by less than this are the same one: bytes came when their driver says. */
const TRUST_MS = 50;
/** How much faster than ours a driver's clock may run; such clocks are within a tenth of this. */
const DRIFT = 1e-3;
/**
 * Channel mode messages are the controllers from here on. All sound off is the first; all notes off, and the four modes
 * after it, end notes (MIDI 1.0 Detailed Specification, 1996): a host that stops says one of these, and some nothing else.
 */
const MODES = 120;
const NOTES_OFF = 123;

type Lift = Extract<MidiMessage, { type: 'note' | 'cc' }>;

/** The bytes of one input: it has a running status, a time, a clock and held notes of its own. */
export class MidiInput {
  readonly device: string;
  readonly clock: MidiClock;
  readonly #now: () => number;
  readonly #tell: (event: MidiEvent) => void;
  readonly #parser = new MidiParser((message) => this.#hear(message));
  /** What is down, by its kind, channel and number, and what lifts it. */
  readonly #held = new Map<string, Lift>();
  #at = 0;

  constructor(device: string, now: () => number, tell: (event: MidiEvent) => void) {
    this.device = device;
    this.clock = new MidiClock(now);
    this.#now = now;
    this.#tell = tell;
  }

  /**
   * Bytes as they come, cut anywhere. The driver's thread knows better than this one how long after those before they
   * came: the time that is least late counts.
   * @param seconds since the bytes before
   */
  receive(seconds: number, bytes: Iterable<number>): void {
    const now = this.#now();
    const told = this.#at + seconds * 1000 * (1 + DRIFT);
    this.#at = told <= now && now - told < TRUST_MS ? told : now;
    this.#parser.push(bytes);
  }

  /** Lifts the notes and controllers that are down: nobody else will, when the cable is out. */
  release(): void {
    this.#at = this.#now();
    this.#lift(() => true);
  }

  #hear(message: MidiMessage): void {
    if (message.type === 'aftertouch') this.#tell({ ...message, at: this.#at, device: this.device });
    else if (message.type === 'note' || message.type === 'cc' || message.type === 'program') {
      this.#keep(message);
      this.#tell({ ...message, at: this.#at, device: this.device });
      if (message.type !== 'cc' || (message.controller !== MODES && message.controller < NOTES_OFF)) return;
      this.#lift(({ type, channel }) => type === 'note' && channel === message.channel);
    } else this.clock.hear(message, this.#at);
  }

  #keep(message: Extract<MidiMessage, { type: 'note' | 'cc' | 'program' }>): void {
    if (message.type === 'program') return;
    const { type, channel } = message;
    const [number, isDown] =
      type === 'note'
        ? [message.note, message.on]
        : [message.controller, message.value > 0 && message.controller < MODES];
    const key = `${type} ${channel} ${number}`;
    if (!isDown) this.#held.delete(key);
    else if (type === 'note') this.#held.set(key, { type, channel, note: number, velocity: 0, on: false });
    else this.#held.set(key, { type, channel, controller: number, value: 0 });
  }

  #lift(which: (lift: Lift) => boolean): void {
    for (const [key, lift] of this.#held) {
      if (!which(lift)) continue;
      this.#held.delete(key);
      this.#tell({ ...lift, at: this.#at, device: this.device });
    }
  }
}
