/** The mixing thread: receives messages, keeps the output buffer filled, reports its position. */
import { parentPort, workerData } from 'node:worker_threads';
import { diskReason } from '../util/disk-reason.ts';
import { DriftFilter, SteadyClock } from './clock.ts';
import type { FromMixer, ToMixer } from './messages.ts';
import { MixerHost } from './mixer-host.ts';
import { type AudioOutput, createSilentOutput, openDevice } from './outputs.ts';
import { Recorder } from './recorder.ts';
import { reopen } from './reopen.ts';
import { SharedStatus } from './shared.ts';

export interface ThreadData {
  shared: SharedArrayBuffer;
  output: string;
  record: string | null;
  rate: number;
  /** Of the clock of whoever asks. */
  origin: number;
}

const TURN_MS = 3;
/** Between looks for a device that was lost. */
const REOPEN_MS = 3000;
const { shared, output: wanted, record, rate, origin } = workerData as ThreadData;
const port = parentPort!;
const tell = (message: FromMixer): void => port.postMessage(message);

let problem: string | null = wanted === 'none' ? 'it was started with --output none' : null;
let output: AudioOutput =
  (wanted === 'none'
    ? null
    : await openDevice(wanted).catch((error: unknown) => {
        problem = error instanceof Error ? error.message : String(error);
        return null;
      })) ?? createSilentOutput(rate, 2);
const host = new MixerHost({ rate: output.rate, channels: output.channels }, tell);
let recorder: Recorder | null = null;
recording(() => {
  if (record === null) return;
  recorder = new Recorder(record, output.rate, output.channels);
  tell({ type: 'recording', path: recorder.path });
});
const status = new SharedStatus(shared);
const clock = new SteadyClock(origin);
let filter = new DriftFilter(output.rate);
let out = blocks();
/** Position of the output at frame 0 of the mix; grows when the output ran dry. */
let base = Math.ceil(output.position()) + output.ahead;
let xruns = 0;
let isClosing = false;

function blocks(): Float32Array[] {
  return Array.from({ length: output.channels }, () => new Float32Array(output.block));
}

function sayState(): void {
  const { rate: hertz, channels, name: device } = output;
  tell({ type: 'state', state: device === null ? 'headless' : 'running', device, problem, rate: hertz, channels });
}

function turn(): void {
  const why = output.problem();
  if (why !== null) goSilent(why);
  const { mixer } = host;
  const position = output.position();
  const behind = position - (base + mixer.frame);
  // Nobody hears a silent output catch up, and a recording has no hole then.
  if (behind > (output.name === null ? output.rate : 0)) {
    base += Math.ceil(behind);
    xruns += 1;
  }
  while (base + mixer.frame < position + output.ahead) {
    const frame = base + mixer.frame;
    mixer.render(out, output.block);
    output.write(out, output.block, frame);
    recording(() => recorder?.write(out, output.block));
  }
  const mapping = filter.observe(clock.now(), position - base - output.latency() * output.rate);
  host.heard(position - base);
  status.write({
    ...mapping,
    frontier: mixer.frontier,
    latency: output.latency() + output.ahead / output.rate,
    xruns,
  });
}

/** Whatever becomes of the recording, playback goes on. */
function recording(work: () => void): void {
  try {
    work();
  } catch (error) {
    const broken = recorder;
    recorder = null;
    tell({ type: 'unrecorded', why: diskReason(error) });
    // What was recorded until now is whole, if the disk takes its length.
    if (broken !== null) recording(() => broken.close());
  }
}

/** The device is gone: time and voices go on without it, until it is back. */
function goSilent(why: string): void {
  const { rate: hertz, channels } = output;
  output.close().catch(() => undefined);
  change(createSilentOutput(hertz, channels, output.position()), why);
  const open = (): Promise<AudioOutput> => openDevice(wanted, { rate: hertz, channels });
  void reopen(open, comeBack, { everyMs: REOPEN_MS, isWanted: () => !isClosing });
}

function comeBack(device: AudioOutput): void {
  base = Math.ceil(device.position()) + device.ahead - host.mixer.frame;
  change(device, null);
}

function change(next: AudioOutput, why: string | null): void {
  output = next;
  problem = why;
  out = blocks();
  filter = new DriftFilter(output.rate);
  sayState();
}

port.on('message', (message: ToMixer) => {
  if (message.type !== 'close') return host.handle(message);
  isClosing = true;
  clearInterval(timer);
  recording(() => recorder?.close());
  void output
    .close()
    .catch(() => undefined)
    .then(() => {
      tell({ type: 'closed' });
      port.close();
    });
});
turn();
const timer = setInterval(turn, TURN_MS);
sayState();
