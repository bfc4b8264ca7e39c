import { performance } from 'node:perf_hooks';

/** Where mixed blocks go, and how far it is. */
export interface AudioOutput {
  readonly name: string | null;
  readonly rate: number;
  readonly channels: number;
  /** Frames that are mixed before they sound, at least, and how many at a time. */
  readonly ahead: number;
  readonly block: number;
  /** Frames that have gone by. Steps of a device's own block. */
  position(): number;
  /** Seconds from a frame's going by to its being heard. */
  latency(): number;
  /** Takes a block that begins at this frame by `position`. */
  write(channels: readonly Float32Array[], frames: number, frame: number): void;
  /** Why it plays no more; null while it does. */
  problem(): string | null;
  close(): Promise<void>;
}

/** An output without a device, paced by the monotonic clock. */
export function createSilentOutput(rate: number, channels: number, from = 0): AudioOutput {
  const began = performance.now();
  return {
    name: null,
    rate,
    channels,
    ahead: Math.round(rate * 0.01),
    block: 128,
    position: () => from + ((performance.now() - began) * rate) / 1000,
    latency: () => 0,
    write: () => undefined,
    problem: () => null,
    close: () => Promise.resolve(),
  };
}

/** A device that gives no sign of life for so long is gone. */
const SILENT_MS = 1000;

/**
 * Each block is two objects of the library's, and what they leave behind stops this thread: with 128 frames for 25 to 35
 * ms every two seconds, with 512 for 25 ms once in twelve (measured against JACK's dummy driver).
 */
const BLOCK = 512;
/** Seconds. */
const AHEAD = 0.03;

type Made = { AudioContext: typeof AudioContext };

/**
 * A device through node-web-audio-api: each block becomes a buffer that starts where the last one ended, which the
 * library does to the sample. Rejects when there is no such device.
 * @param as what is mixed already, for a device that comes back
 * @param output a device's name, `auto`, or `void`, which keeps time as a device does and is heard by nobody
 */
export async function openDevice(output: string, as?: { rate: number; channels: number }): Promise<AudioOutput> {
  const api = await import('node-web-audio-api');
  const { AudioContext } = api as unknown as Made;
  const sinkId = output === 'auto' ? undefined : output === 'void' ? { type: 'none' } : await idOf(output);
  const sampleRate = as === undefined ? {} : { sampleRate: as.rate };
  const options = { latencyHint: 'interactive', ...sampleRate, ...(sinkId === undefined ? {} : { sinkId }) };
  const context = new AudioContext(options as AudioContextOptions);
  const rate = context.sampleRate;
  const most = output === 'void' ? 2 : Math.max(2, Math.min(16, context.destination.maxChannelCount & ~1));
  const channels = as?.channels ?? most;
  if (channels > most) {
    await context.close();
    throw new Error(`the device has ${most} channels; ${channels} are mixed`);
  }
  if (channels > 2) context.destination.channelCount = channels;
  let moved = performance.now();
  let last = -1;
  return {
    name: output === 'auto' ? 'default' : output,
    rate,
    channels,
    ahead: Math.round(rate * AHEAD),
    block: BLOCK,
    position() {
      const now = context.currentTime * rate;
      if (now !== last) {
        last = now;
        moved = performance.now();
      }
      return Math.round(now);
    },
    latency: () => (context as unknown as { outputLatency?: number }).outputLatency || context.baseLatency || 0,
    write(blocks, frames, frame) {
      const buffer = context.createBuffer(channels, frames, rate);
      blocks.forEach((block, c) => void buffer.copyToChannel(block.slice(0, frames) as Float32Array<ArrayBuffer>, c));
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      source.start(frame / rate);
    },
    problem: () => {
      if (context.state === 'closed') return 'the device was closed';
      return performance.now() - moved > SILENT_MS ? 'the device plays no more' : null;
    },
    close: () => context.close(),
  };
}

export interface Device {
  id: string;
  name: string;
}

/** Outputs of this machine, as the system lists them. */
export async function listDevices(): Promise<Device[]> {
  const { mediaDevices } = (await import('node-web-audio-api')) as unknown as {
    mediaDevices: { enumerateDevices(): Promise<{ kind: string; deviceId: string; label: string }[]> };
  };
  const all = await mediaDevices.enumerateDevices();
  return all.filter(({ kind }) => kind === 'audiooutput').map(({ deviceId: id, label: name }) => ({ id, name }));
}

async function idOf(name: string): Promise<string> {
  const devices = await listDevices();
  const lower = name.toLowerCase();
  const found = devices.find((device) => device.name.toLowerCase() === lower || device.id === name);
  const similar = found ?? devices.find((device) => device.name.toLowerCase().includes(lower));
  if (similar !== undefined) return similar.id;
  const there = devices.length === 0 ? 'there is none' : `there are ${devices.map((one) => one.name).join(', ')}`;
  throw new Error(`no output device is called ${JSON.stringify(name.slice(0, 80))}; ${there}`);
}
