/** Events that trigger maps react to: MIDI and OSC. */
export type MidiEvent =
  | { type: 'note'; channel: number; note: number; velocity: number; on: boolean; at: number; device: string }
  | { type: 'cc'; channel: number; controller: number; value: number; at: number; device: string }
  | { type: 'program'; channel: number; program: number; at: number; device: string }
  | { type: 'aftertouch'; channel: number; note?: number; value: number; at: number; device: string };

export interface MidiEvents {
  /** Returns the way to stop. `at` is milliseconds since 1970. */
  on(listener: (event: MidiEvent) => void): () => void;
}
