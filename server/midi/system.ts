import { existsSync } from 'node:fs';
import { Input } from 'midi/lazy';
import type { MidiPort, MidiSystem } from './midi.ts';

const SEQUENCER = '/dev/snd/seq';

/** The machine's MIDI, through RtMidi. Throws where it has none. */
export function createSystem(): MidiSystem {
  // The library would say so too, but on the terminal, in three lines that nobody can turn off.
  if (process.platform === 'linux' && !existsSync(SEQUENCER))
    throw new Error(`there is no ALSA sequencer, ${SEQUENCER}`);
  // Keeps the system open while ports come and go.
  const scout = new Input();
  const listen = (open: (input: Input) => void, on: (seconds: number, bytes: Iterable<number>) => void): MidiPort => {
    const input = new Input();
    // System exclusive is nothing to us; timing is.
    input.ignoreTypes(true, false, true);
    input.on('message', on);
    open(input);
    return { close: () => input.destroy() };
  };
  return {
    inputs: () => Array.from({ length: scout.getPortCount() }, (_, port) => scout.getPortName(port)),
    open: (name, on) => listen((input) => input.openPortByName(name), on),
    // RtMidi has no such ports on Windows.
    virtual: (name, on) => (process.platform === 'win32' ? null : listen((input) => input.openVirtualPort(name), on)),
    close: () => scout.destroy(),
  };
}
