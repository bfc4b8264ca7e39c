import { MidiClock } from './clock.ts';
import { type MidiMessage, MidiParser } from './parser.ts';

/** What comes from an input and may trigger something. `at` is in milliseconds since 1970. */
export type MidiEvent = Extract<MidiMessage, { type: 'note' | 'cc' | 'program' }> & { at: number; device: string };

/** Two clocks told apart by less than this are the same one: bytes came when their driver says. */
const TRUST_MS = 50;
/** How much faster than ours a driver's clock may run; such clocks are within a tenth of this. */
const DRIFT = 1e-3;
/** All sound off, all notes off (MIDI 1.0): a host that stops says one of these, and some say nothing else. */
const OFF = new Set([120, 123]);

/** The bytes of one input: it has a running status, a time, a clock and held notes of its own. */
export class MidiInput {
  readonly device: string;
  readonly clock: MidiClock;
  readonly #now: () => number;
  readonly #tell: (event: MidiEvent) => void;
  readonly #parser = new MidiParser((message) => this.#hear(message));
  /** Notes that are down: channel * 128 + note. */
  readonly #held = new Set<number>();
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

  /** Ends the notes that are held: nobody else will, when the cable is out. */
  release(): void {
    this.#at = this.#now();
    this.#end(() => true);
  }

  #hear(message: MidiMessage): void {
    if (message.type === 'note' || message.type === 'cc' || message.type === 'program') {
      if (message.type === 'note') {
        const key = message.channel * 128 + message.note;
        if (message.on) this.#held.add(key);
        else this.#held.delete(key);
      }
      this.#tell({ ...message, at: this.#at, device: this.device });
      if (message.type === 'cc' && OFF.has(message.controller)) this.#end((channel) => channel === message.channel);
    } else this.clock.hear(message, this.#at);
  }

  #end(of: (channel: number) => boolean): void {
    for (const key of this.#held) {
      const channel = key >> 7;
      if (!of(channel)) continue;
      this.#held.delete(key);
      const off = { type: 'note', channel, note: key & 127, velocity: 0, on: false } as const;
      this.#tell({ ...off, at: this.#at, device: this.device });
    }
  }
}
