/**
 * The engine's own process: a graph's run blocks the thread it is on, so none runs in the server's. Messages in
 * messages.ts. It leaves when the server does.
 */
import { setFlagsFromString } from 'node:v8';
import type { EndlessChange, EngineEvent, EngineRequest, EngineResult } from '../engine.ts';
import { EngineError, toEngineError } from '../errors.ts';
import { EndlessClip } from '../inference/endless-clip.ts';
import { generateClip } from '../inference/generate-clip.ts';
import { RenderThread } from '../inference/render-thread.ts';
import { Voice } from '../inference/voice.ts';
import { VoiceCache } from '../inference/voice-cache.ts';
import { chooseProvider } from '../onnx/provider.ts';
import { bundledProviders, ortVersion } from '../onnx/runtime.ts';
import { lowerPriority } from './lower-priority.ts';
import type { ChildStatus, FromChild, ToChild } from './messages.ts';
import { onParentExit } from './parent-exit.ts';

lowerPriority();
// Each run of a graph leaves a few kilobytes outside the heap. By them V8 collected this small heap two or three times a
// clip, a tenth of its processor time; with 30 MB more it does so once in ten clips, and the rest dies young.
setFlagsFromString('--heap-growing-percent=300');
// Ctrl-C and a service manager's stop reach the whole process group: the server decides when its engine goes, so
// that it can let clips end first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// An orderly exit would end the rendering thread in the middle of a graph's run, which aborts with a core dump.
onParentExit(() => void process.kill(process.pid, 'SIGKILL'));

const threads = Number(process.argv[2] ?? 1);
const voiceMemory = Number(process.argv[4] ?? 512) * 2 ** 20;
const { provider, problems } = await chooseProvider(process.argv[3] ?? 'cpu', bundledProviders());
const rendering = new RenderThread((reason) => {
  // Nobody's clip can be heard any more; the server starts another process.
  console.error(`the rendering thread ended: ${reason}`);
  process.exit(1);
});
const voices = new VoiceCache(voiceMemory, (dir) => Voice.open(dir, { provider, threads }, (of) => rendering.open(of)));
const open = new Set<number>();
const cancelled = new Set<number>();
const streams = new Map<number, EndlessClip>();
/** Changes of streams whose voice is still being loaded. */
const early = new Map<number, EndlessChange[]>();

function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

function status(): ChildStatus {
  return { voices: voices.dirs(), memoryMb: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

async function clip(task: number, request: EngineRequest): Promise<EngineResult> {
  const isCancelled = (): boolean => cancelled.has(task);
  if (isCancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
  const { voice, leave } = await voices.take(request.voiceDir);
  try {
    const on = (event: EngineEvent): void => send({ type: 'event', task, event });
    if (request.endless === undefined) return await generateClip(voice, request, on, isCancelled);
    const stream = new EndlessClip(voice, request, request.endless, on, isCancelled);
    streams.set(task, stream);
    for (const change of early.get(task) ?? []) stream.steer(change);
    return await stream.run();
  } finally {
    streams.delete(task);
    early.delete(task);
    await leave();
  }
}

async function perform(message: Extract<ToChild, { type: 'load' | 'run' }>): Promise<void> {
  const { task } = message;
  try {
    if (message.type === 'load') {
      const { leave } = await voices.take(message.voiceDir);
      send({ type: 'loaded', task, status: status() });
      await leave();
    } else {
      const result = await clip(task, message.request);
      send({ type: 'done', task, result, status: status() });
    }
  } catch (error) {
    const { code, message: text } = toEngineError(error);
    send({ type: 'failed', task, code, message: text, status: status() });
  } finally {
    open.delete(task);
    cancelled.delete(task);
  }
}

process.on('message', (message: ToChild) => {
  if (message.type === 'cancel') {
    // One that comes too late has nothing to stop.
    if (open.has(message.task)) cancelled.add(message.task);
    streams.get(message.task)?.wake();
  } else if (message.type === 'steer') {
    const { task, change } = message;
    if (streams.has(task)) streams.get(task)!.steer(change);
    else if (open.has(task)) early.set(task, [...(early.get(task) ?? []), change]);
  } else {
    open.add(message.task);
    void perform(message);
  }
});
send({ type: 'ready', provider, problems, ortVersion });
