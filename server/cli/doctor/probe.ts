/**
 * Runs in a process of its own: sound and MIDI libraries write to stderr from C and may take the process with them.
 * `probe.ts audio|midi` sends one message to its parent.
 */
export interface AudioProbe {
  /** Names of what can play, as the system calls them. */
  outputs: string[];
  /** Rate that an opened device runs at, or null when none could be opened. */
  rate: number | null;
  error: string | null;
}

interface Device {
  kind: string;
  label: string;
}

export interface MidiProbe {
  inputs: string[];
  outputs: string[];
  error: string | null;
}

async function audio(): Promise<AudioProbe> {
  const api = await import('node-web-audio-api');
  const found: AudioProbe = { outputs: [], rate: null, error: null };
  try {
    // Part of the library and not of its types.
    const { mediaDevices } = api as unknown as { mediaDevices: { enumerateDevices(): Promise<Device[]> } };
    const devices = await mediaDevices.enumerateDevices();
    found.outputs = devices.filter((d) => d.kind === 'audiooutput').map((d) => d.label);
    const context = new api.AudioContext();
    found.rate = context.sampleRate;
    await context.close();
  } catch (error) {
    found.error = (error as Error).message;
  }
  return found;
}

async function midi(): Promise<MidiProbe> {
  const api = await import('midi/lazy');
  const found: MidiProbe = { inputs: [], outputs: [], error: null };
  try {
    for (const [Port, names] of [
      [api.Input, found.inputs],
      [api.Output, found.outputs],
    ] as const) {
      const port = new Port();
      for (let i = 0; i < port.getPortCount(); i++) names.push(port.getPortName(i));
      port.destroy();
    }
  } catch (error) {
    found.error = (error as Error).message;
  }
  return found;
}

const looks: Record<string, () => Promise<unknown>> = { audio, midi };

if (process.send) {
  const look = looks[process.argv[2] ?? ''];
  process.send((await look?.()) ?? null, () => process.exit(0));
}
