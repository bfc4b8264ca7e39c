import { existsSync } from 'node:fs';
import type { Input } from 'midi/lazy';

/** Takes bytes as they come, with the seconds since those before. */
export type Receiver = (seconds: number, bytes: Iterable<number>) => void;

/** An open input. */
export interface MidiPort {
  close(): void;
}

/** What the machine has: the `midi` package, or bytes of one's own. */
export interface MidiSystem {
  /** Names of the inputs that are there now, each once: the second of one name is `name (2)`. */
  inputs(): string[];
  /** Throws where it cannot. */
  open(name: string, on: Receiver): MidiPort;
  /** An input that other programs see under this name; null where the system has none such. */
  virtual(name: string, on: Receiver): MidiPort | null;
  close(): void;
}

const SEQUENCER = '/dev/snd/seq';

/** The machine's MIDI, through RtMidi. Rejects where it has none. */
export async function createSystem(): Promise<MidiSystem> {
  // The library would say so too, but on the terminal, in three lines that nobody can turn off.
  if (process.platform === 'linux' && !existsSync(SEQUENCER))
    throw new Error(`there is no ALSA sequencer, ${SEQUENCER}; load it with: sudo modprobe snd-seq`);
  // Loading it takes this thread 12 ms: not where there is nothing to find.
  const { Input } = await import('midi/lazy');
  // Keeps the system open while ports come and go.
  const scout = new Input();
  const listen = (open: (input: Input) => void, on: Receiver): MidiPort => {
    const input = new Input();
    // Nothing is ignored: of what it ignores RtMidi takes away the time, too, and all that follows comes too early.
    input.ignoreTypes(false, false, false);
    input.on('message', on);
    try {
      open(input);
    } catch (error) {
      input.destroy();
      throw error;
    }
    return { close: () => input.destroy() };
  };
  return {
    inputs: () => namesOf(scout),
    open: (name, on) =>
      listen((input) => {
        const port = namesOf(input).indexOf(name);
        if (port < 0) throw new Error('it is gone');
        input.openPort(port);
      }, on),
    // RtMidi has no such ports on Windows.
    virtual: (name, on) => (process.platform === 'win32' ? null : listen((input) => input.openVirtualPort(name), on)),
    close: () => scout.destroy(),
  };
}

/** Two devices of one kind may have one name. */
function namesOf(input: Input): string[] {
  const times = new Map<string, number>();
  return Array.from({ length: input.getPortCount() }, (_, port) => {
    const name = input.getPortName(port);
    const nth = (times.get(name) ?? 0) + 1;
    times.set(name, nth);
    return nth === 1 ? name : `${name} (${nth})`;
  });
}
