/** Notes of a MIDI keyboard, by WebMIDI. The browser asks for permission when it is first used. */
class MidiKeyboard {
  state = $state<'off' | 'asking' | 'on'>('off');
  inputs = $state<string[]>([]);
  problem = $state('');
  /** The last message, for people who wonder whether anything arrives. */
  last = $state('');
  onNote: ((note: number, velocity: number) => void) | null = null;

  async use(): Promise<void> {
    if (navigator.requestMIDIAccess === undefined) {
      this.problem = 'This browser has no WebMIDI. Use a MIDI input of the server instead: see Machine.';
      return;
    }
    this.state = 'asking';
    try {
      const access = await navigator.requestMIDIAccess();
      const listen = (): void => {
        this.inputs = [...access.inputs.values()].map((input) => input.name ?? 'unnamed input');
        for (const input of access.inputs.values()) input.onmidimessage = ({ data }) => this.#hear(data);
        this.problem = this.inputs.length === 0 ? 'No MIDI input is connected. Plug one in now to use it.' : '';
      };
      access.onstatechange = listen;
      listen();
      this.state = 'on';
    } catch (error) {
      this.state = 'off';
      this.problem = `The browser denies access to MIDI: ${(error as Error).message}`;
    }
  }

  #hear(data: Uint8Array | null): void {
    const [status = 0, note = 0, velocity = 0] = data ?? [];
    if ((status & 0xf0) !== 0x90 || velocity === 0) return;
    this.last = `note ${note}, velocity ${velocity}`;
    this.onNote?.(note, velocity / 127);
  }
}

export const midi = new MidiKeyboard();
