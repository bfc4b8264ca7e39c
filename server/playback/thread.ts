/** The thread that mixes: takes messages, keeps the output filled, tells where it is. */
import { parentPort, workerData } from 'node:worker_threads';
import { DriftFilter, WallClock } from './clock.ts';
import type { FromDesk, ToDesk } from './messages.ts';
import { Desk } from './mixer-host.ts';
import { createSilentSink, openDevice, type Sink } from './outputs.ts';
import { Recorder } from './recorder.ts';
import { SharedStatus } from './shared.ts';

export interface ThreadData {
  shared: SharedArrayBuffer;
  output: string;
  record: string | null;
  rate: number;
}

const TURN_MS = 3;
const { shared, output, record, rate } = workerData as ThreadData;
const port = parentPort!;
const tell = (message: FromDesk): void => port.postMessage(message);

let problem: string | null = output === 'none' ? 'none is wanted' : null;
let sink: Sink =
  (output === 'none'
    ? null
    : await openDevice(output).catch((error: unknown) => {
        problem = error instanceof Error ? error.message : String(error);
        return null;
      })) ?? createSilentSink(rate, 2);
const desk = new Desk({ rate: sink.rate, channels: sink.channels }, tell);
let recorder: Recorder | null = null;
try {
  recorder = record === null ? null : new Recorder(record, sink.rate, sink.channels);
} catch (error) {
  problem = `${problem === null ? '' : `${problem}; `}nothing is recorded: ${(error as Error).message}`;
}
const status = new SharedStatus(shared);
const wall = new WallClock().prime();
let filter = new DriftFilter(sink.rate);
let out = blocks();
/** Position of the sink at frame 0 of the mix; grows when the sink ran dry. */
let base = Math.ceil(sink.position()) + sink.ahead;
let xruns = 0;

function blocks(): Float32Array[] {
  return Array.from({ length: sink.channels }, () => new Float32Array(sink.block));
}

function sayState(): void {
  const { rate: hertz, channels, name: device } = sink;
  tell({ type: 'state', state: device === null ? 'headless' : 'running', device, problem, rate: hertz, channels });
}

function turn(): void {
  const why = sink.problem();
  if (why !== null) goSilent(why);
  const { mixer } = desk;
  const position = sink.position();
  const behind = position - (base + mixer.frame);
  // Nobody hears a silent output catch up, and a recording has no hole then.
  if (behind > (sink.name === null ? sink.rate : 0)) {
    base += Math.ceil(behind);
    xruns += 1;
  }
  while (base + mixer.frame < position + sink.ahead) {
    const frame = base + mixer.frame;
    mixer.render(out, sink.block);
    sink.write(out, sink.block, frame);
    recorder?.write(out, sink.block);
  }
  const mapping = filter.observe(wall.now(), position - base - sink.latency() * sink.rate);
  desk.heard(position - base);
  const active = mixer.active + desk.waiting;
  status.write({
    ...mapping,
    frontier: mixer.frontier,
    latency: sink.latency() + sink.ahead / sink.rate,
    xruns,
    active,
  });
}

/** The device is gone: time and voices go on without it. */
function goSilent(why: string): void {
  problem = why;
  sink.close().catch(() => undefined);
  sink = createSilentSink(sink.rate, sink.channels, sink.position());
  out = blocks();
  filter = new DriftFilter(sink.rate);
  sayState();
}

port.on('message', (message: ToDesk) => {
  if (message.type !== 'close') return desk.handle(message);
  clearInterval(timer);
  recorder?.close();
  void sink
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
