import { MidiClock } from './clock.ts';
import { type MidiMessage, MidiParser } from './parser.ts';

/** An open input; bytes as they come, with the seconds since those before. */
export interface MidiPort {
  close(): void;
}

/** What the machine has: the `midi` package, or a test's own bytes. */
export interface MidiSystem {
  /** Names of the inputs that are there now. */
  inputs(): string[];
  open(name: string, on: (seconds: number, bytes: Iterable<number>) => void): MidiPort;
  /** An input that other programs see under this name; null where the system has none such. */
  virtual(name: string, on: (seconds: number, bytes: Iterable<number>) => void): MidiPort | null;
  close(): void;
}

export type MidiEvent = Extract<MidiMessage, { type: 'note' | 'cc' | 'program' }> & { at: number; device: string };

export interface MidiInfo {
  /** What is listened to now. */
  inputs: string[];
  /** What else is there. */
  others: string[];
  /** Why there is no MIDI, where there is none. */
  problem: string | null;
  /** Beats a minute of the clock that runs. */
  tempo: number | null;
}

export interface MidiOptions {
  /** null: the machine's own. */
  system?: MidiSystem | null;
  /** `auto` listens to every input; names, or parts of them, to these; `none` to nothing. */
  devices: 'auto' | 'none' | readonly string[];
  log: (level: 'info' | 'warn', message: string) => void;
  /** Milliseconds between looks at what is plugged in. */
  pollMs?: number;
  /** Milliseconds since 1970, with fractions. */
  now: () => number;
}

/** The name under which other programs find us. */
const NAME = 'foleyd';
const POLL_MS = 1000;
/** The package's own clock is believed as far as it differs from ours by less. */
const TRUST_MS = 50;

/** MIDI inputs as one stream of events, and the clock among them. A machine without MIDI has an empty one. */
export class Midi {
  readonly #options: MidiOptions;
  readonly #clock: MidiClock;
  readonly #listeners = new Set<(event: MidiEvent) => void>();
  readonly #open = new Map<string, MidiPort>();
  #system: MidiSystem | null = null;
  #virtual: MidiPort | null = null;
  #problem: string | null = null;
  #poll: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: MidiOptions) {
    this.#options = options;
    this.#clock = new MidiClock(options.now);
  }

  /** Opens what is there and goes on looking. Never rejects: without MIDI it says so. */
  async open(): Promise<void> {
    const { devices, system, log, pollMs = POLL_MS } = this.#options;
    if (devices === 'none') {
      this.#problem = 'none is wanted';
      return;
    }
    try {
      this.#system = system ?? (await import('./system.ts')).createSystem();
      if (this.#closed) return this.#system.close();
      this.#virtual = this.#system.virtual(NAME, this.#receiver(NAME));
    } catch (error) {
      this.#problem = (error as Error).message.trim().split('\n').at(-1) ?? 'it cannot be opened';
      log(devices === 'auto' ? 'info' : 'warn', `no MIDI on this machine: ${this.#problem}`);
      return;
    }
    this.#look();
    this.#poll = setInterval(() => this.#look(), pollMs);
    this.#poll.unref();
  }

  on(listener: (event: MidiEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  next(quantise: number, after: number): number | null {
    return this.#clock.next(quantise, after);
  }

  info(): MidiInfo {
    const there = this.#names();
    const inputs = [...this.#open.keys(), ...(this.#virtual === null ? [] : [NAME])];
    const others = there.filter((name) => !this.#open.has(name));
    return { inputs, others, problem: this.#problem, tempo: this.#clock.tempo };
  }

  close(): void {
    this.#closed = true;
    if (this.#poll !== null) clearInterval(this.#poll);
    for (const port of [...this.#open.values(), this.#virtual]) port?.close();
    this.#open.clear();
    this.#system?.close();
  }

  #names(): string[] {
    try {
      // Our own virtual port is nothing to listen to.
      return [...new Set(this.#system?.inputs() ?? [])].filter((name) => !name.includes(NAME));
    } catch (error) {
      this.#problem = (error as Error).message;
      return [];
    }
  }

  /** Opens what was plugged in, closes what is gone. */
  #look(): void {
    const { log } = this.#options;
    const there = this.#names();
    for (const [name, port] of this.#open) {
      if (there.includes(name)) continue;
      port.close();
      this.#open.delete(name);
      log('warn', `the MIDI input ${name} is gone`);
    }
    for (const name of there) {
      if (this.#open.has(name) || !this.#isWanted(name)) continue;
      try {
        this.#open.set(name, this.#system!.open(name, this.#receiver(name)));
        log('info', `listening to the MIDI input ${name}`);
      } catch (error) {
        // It may be held by another program now and be free later.
        this.#problem = `${name}: ${(error as Error).message}`;
      }
    }
  }

  #isWanted(name: string): boolean {
    const { devices } = this.#options;
    if (devices === 'auto' || devices === 'none') return devices === 'auto';
    return devices.some((wanted) => name.toLowerCase().includes(wanted.toLowerCase()));
  }

  /** Takes the bytes of one input, which has a running status and a time of its own. */
  #receiver(device: string): (seconds: number, bytes: Iterable<number>) => void {
    let at = 0;
    const parser = new MidiParser((message) => {
      if (message.type === 'note' || message.type === 'cc' || message.type === 'program') {
        for (const listener of this.#listeners) listener({ ...message, at, device });
      } else this.#clock.hear(message, at);
    });
    return (seconds, bytes) => {
      const now = this.#options.now();
      // The driver's thread knows better than this one when bytes came, as long as the two agree.
      const told = at + seconds * 1000;
      at = told <= now && now - told < TRUST_MS ? told : now;
      parser.push(bytes);
    };
  }
}
