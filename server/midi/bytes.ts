import type { MidiPort, MidiSystem, Receiver } from './system.ts';

/**
 * MIDI without a machine that has any: bytes put in here take the way of those from a driver. For tests and
 * measurements.
 */
export class ByteSource implements MidiSystem {
  /** What is plugged in, and who listens to it. */
  readonly #plugged = new Map<string, Receiver | null>();
  readonly #hasVirtual: boolean;
  #virtual: Receiver | null = null;

  /** @param virtual whether this system lets programs have inputs of their own */
  constructor({ virtual = false }: { virtual?: boolean } = {}) {
    this.#hasVirtual = virtual;
  }

  plug(name: string): this {
    this.#plugged.set(name, null);
    return this;
  }

  unplug(name: string): void {
    this.#plugged.delete(name);
  }

  /** To a device, or to the server's own input. False where nobody listens. */
  send(name: string | null, bytes: Iterable<number>, seconds = 0): boolean {
    const receiver = name === null ? this.#virtual : this.#plugged.get(name);
    receiver?.(seconds, bytes);
    return Boolean(receiver);
  }

  inputs(): string[] {
    return [...this.#plugged.keys()];
  }

  open(name: string, on: Receiver): MidiPort {
    if (!this.#plugged.has(name)) throw new Error('it is gone');
    this.#plugged.set(name, on);
    return { close: () => void (this.#plugged.get(name) === on && this.#plugged.set(name, null)) };
  }

  virtual(_name: string, on: Receiver): MidiPort | null {
    if (!this.#hasVirtual) return null;
    this.#virtual = on;
    return {
      close: () => {
        this.#virtual = null;
      },
    };
  }

  close(): void {
    this.#plugged.clear();
  }
}
