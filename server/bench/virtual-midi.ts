import type { MidiSystem } from '../midi/system.ts';

/** A MIDI system with one virtual input and no devices, and what sends to it: seconds since the message before, and its bytes. */
export function virtualMidi(): { midi: MidiSystem; send: (seconds: number, bytes: number[]) => void } {
  let receive: (seconds: number, bytes: number[]) => void = () => undefined;
  const midi: MidiSystem = {
    inputs: () => [],
    open: () => ({ close: () => undefined }),
    virtual(_name, on) {
      receive = on;
      return { close: () => undefined };
    },
    close: () => undefined,
  };
  return { midi, send: (seconds, bytes) => receive(seconds, bytes) };
}
