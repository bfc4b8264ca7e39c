import os from 'node:os';
import type { Beats } from '../tempo/beats.ts';
import type { LogLine } from '../util/log-line.ts';
import { type MidiEvent, MidiInput } from './input.ts';
import type { MidiPort, MidiSystem, Receiver } from './system.ts';

export type { MidiEvent } from './input.ts';

export interface MidiInfo {
  /** What is listened to. */
  inputs: string[];
  /** What else is there. */
  others: string[];
  /** Why there is no MIDI, or not all that was asked for. */
  problem: string | null;
  /** Whose clock counts the beats. */
  clock: string | null;
  /** Beats a minute of that clock. */
  tempo: number | null;
}

export interface MidiOptions {
  /** null: the machine's own. */
  system?: MidiSystem | null;
  /**
   * `all` listens to every input, `auto` only while something waits for MIDI: on Windows an open input is taken from
   * every other program. Names, or parts of them: to these; `none` to nothing.
   */
  devices: 'auto' | 'all' | 'none' | readonly string[];
  /** Whether something waits for MIDI now; default: yes. */
  isNeeded?: () => boolean;
  log: LogLine;
  /** Milliseconds, with fractions, of a clock that nobody sets. */
  now: () => number;
  /** Milliseconds since the machine was started, in which it may have slept; tests give their own. */
  uptime?: () => number;
}

/** The name under which other programs find us. */
const NAME = 'foleyd';
/** From look to look at what is plugged in. */
const POLL_MS = 1000;
/** A look that comes later than this follows a sleep of the machine. */
const SLEPT_MS = 5000;

interface Open {
  port: MidiPort;
  input: MidiInput;
}

/** MIDI inputs as one stream of events, and the clock among them. A machine without MIDI has an empty one. */
export class Midi implements Beats {
  readonly #options: MidiOptions;
  readonly #listeners = new Set<(event: MidiEvent) => void>();
  readonly #open = new Map<string, Open>();
  #others: string[] = [];
  #system: MidiSystem | null = null;
  #virtual: Open | null = null;
  /** Whose clock is followed. */
  #leader: MidiInput | null = null;
  /** Why there is nothing, and why an input cannot be opened. */
  #problem: string | null = null;
  readonly #refused = new Map<string, string>();
  #poll: NodeJS.Timeout | null = null;
  #looked: number | null = null;
  #closed = false;

  constructor(options: MidiOptions) {
    this.#options = options;
  }

  /** Opens what is there and goes on looking. Never rejects: without MIDI it says so. */
  async open(): Promise<void> {
    const { devices, system, log } = this.#options;
    if (devices === 'none') {
      this.#problem = 'switched off (--midi none)';
      return;
    }
    try {
      this.#system = system ?? (await (await import('./system.ts')).createSystem());
    } catch (error) {
      this.#problem = reason(error);
      log('warn', `no MIDI on this machine: ${this.#problem}`);
      return;
    }
    if (this.#closed) return this.#system.close();
    this.#virtual = this.#try(NAME, (on) => this.#system!.virtual(NAME, on));
    this.#look();
    for (const name of this.#missing()) log('warn', `no MIDI input is called ${name} yet; ${listed(this.#others)}`);
    this.#poll = setInterval(() => this.#look(), POLL_MS);
    this.#poll.unref();
  }

  /** What is needed has changed. */
  refresh(): void {
    if (this.#poll !== null && !this.#closed) this.#look();
  }

  /** Returns the way to stop. */
  on(listener: (event: MidiEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Of the clock that is followed, as `position` is. */
  next(quantise: number, after: number): number | null {
    return this.#lead()?.clock.next(quantise, after) ?? null;
  }

  position(at: number): number | null {
    return this.#lead()?.clock.position(at) ?? null;
  }

  info(): MidiInfo {
    const inputs = this.#inputs().map(({ device }) => device);
    const missing = this.#missing().map((name) => `no input is called ${name}`);
    const refused = [...this.#refused].map(([name, why]) => `${name}: ${why}`);
    const problem = this.#problem ?? ([...refused, ...missing].join('; ') || null);
    const leader = this.#lead();
    const clock = { clock: leader?.device ?? null, tempo: leader?.clock.tempo ?? null };
    return { inputs, others: [...this.#others], problem, ...clock };
  }

  close(): void {
    this.#closed = true;
    if (this.#poll !== null) clearInterval(this.#poll);
    for (const open of [...this.#open.values(), this.#virtual]) open?.port.close();
    this.#open.clear();
    this.#virtual = null;
    this.#system?.close();
    this.#system = null;
  }

  /** Opens what was plugged in, closes what is gone. */
  #look(): void {
    const { log, uptime = () => os.uptime() * 1000 } = this.#options;
    const there = this.#names();
    const up = uptime();
    const slept = up - (this.#looked ?? up) > SLEPT_MS;
    this.#looked = up;
    const gone = [...this.#open.keys()].filter((name) => !there.includes(name));
    if (!slept) for (const name of gone) log('warn', `the MIDI input ${name} is gone`);
    const moved = new Set(gone.map(kind));
    for (const [name, { port, input }] of this.#open) {
      // After a sleep devices are other ones under the old names, and so are several of one kind when one of them goes.
      if (!slept && !moved.has(kind(name)) && this.#isWanted(name)) continue;
      if (!slept && there.includes(name) && !this.#isWanted(name))
        log('info', `the MIDI input ${name} is closed, because nothing needs it`);
      port.close();
      this.#open.delete(name);
      input.release();
    }
    for (const name of this.#refused.keys()) if (!there.includes(name) && name !== NAME) this.#refused.delete(name);
    for (const name of there) {
      if (this.#open.has(name) || !this.#isWanted(name)) continue;
      const opened = this.#try(name, (on) => this.#system!.open(name, on));
      if (opened === null) continue;
      this.#open.set(name, opened);
      if (!slept && !moved.has(kind(name))) log('info', `listening to the MIDI input ${name}`);
    }
    this.#others = there.filter((name) => !this.#open.has(name));
  }

  #names(): string[] {
    try {
      const names = this.#system?.inputs() ?? [];
      this.#problem = null;
      return names;
    } catch (error) {
      if (this.#problem === null) this.#options.log('warn', `MIDI inputs cannot be listed: ${reason(error)}`);
      this.#problem = reason(error);
      return [];
    }
  }

  /** One that another program holds may be free at a later look: said once. */
  #try(name: string, open: (on: Receiver) => MidiPort | null): Open | null {
    const input = new MidiInput(name, this.#options.now, (event) => this.#tell(event));
    try {
      const port = open((seconds, bytes) => input.receive(seconds, bytes));
      this.#refused.delete(name);
      return port === null ? null : { port, input };
    } catch (error) {
      const why = reason(error);
      if (this.#refused.get(name) !== why) this.#options.log('warn', `the MIDI input ${name} cannot be opened: ${why}`);
      this.#refused.set(name, why);
      return null;
    }
  }

  /** A listener's fault is not the driver's: it must not end the process from a callback of a library. */
  #tell(event: MidiEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.log('warn', `MIDI event listener threw: ${reason(error)}`);
      }
    }
  }

  #inputs(): MidiInput[] {
    return [...this.#open.values(), ...(this.#virtual === null ? [] : [this.#virtual])].map(({ input }) => input);
  }

  /** One clock of those that run, and the same one while it does; one that was started before one that merely ticks. */
  #lead(): MidiInput | null {
    const running = this.#inputs().filter(({ clock }) => clock.isRunning);
    const started = running.filter(({ clock }) => clock.isStarted);
    const able = started.length > 0 ? started : running;
    if (this.#leader === null || !able.includes(this.#leader)) this.#leader = able[0] ?? null;
    return this.#leader;
  }

  #isWanted(name: string): boolean {
    const { devices } = this.#options;
    if (devices === 'auto') return this.#options.isNeeded?.() ?? true;
    if (devices === 'all' || devices === 'none') return devices === 'all';
    return devices.some((wanted) => isCalled(name, wanted));
  }

  /** What was asked for by name and is not there. */
  #missing(): string[] {
    const { devices } = this.#options;
    if (this.#system === null || typeof devices === 'string') return [];
    const there = [...this.#inputs().map(({ device }) => device), ...this.#refused.keys()];
    return devices.filter((wanted) => !there.some((name) => isCalled(name, wanted)));
  }
}

/** Opens MIDI inputs, as far as the system has any. */
export async function openMidi(options: MidiOptions): Promise<Midi> {
  const midi = new Midi(options);
  await midi.open();
  return midi;
}

/** A name without the number that tells several of one kind apart. */
const kind = (name: string): string => name.replace(/ \(\d+\)$/, '');
const isCalled = (name: string, wanted: string): boolean => name.toLowerCase().includes(wanted.toLowerCase());
const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
const reason = (error: unknown): string => (error as Error).message.trim().split('\n').at(-1) ?? 'it cannot be opened';
