/**
 * The engine's own process: a graph's run blocks the thread it is on, so none runs in the server's. Messages in
 * messages.ts. It leaves when the server does.
 */
import { readCardText } from './card.ts';
import { EngineError, toEngineError } from './errors.ts';
import { makeClip } from './make.ts';
import type { ChildStatus, FromChild, ToChild } from './messages.ts';
import { bundledProviders, ortVersion } from './ort.ts';
import { chooseProvider } from './provider.ts';
import { Voice } from './voice.ts';

/** Voices kept in memory, the least recently used first to go. */
const KEPT = 3;

// Ctrl-C and a service manager's stop reach the whole process group: the server decides when its engine goes, so
// that it can let clips end first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));

const threads = Number(process.argv[2] ?? 1);
const { provider, problems } = await chooseProvider(process.argv[3] ?? 'cpu', bundledProviders());
const voices = new Map<string, Voice>();
const waiting = new Set<number>();
const cancelled = new Set<number>();
/** Tasks run one after the other even if the server should ever send two. */
let last: Promise<void> = Promise.resolve();

function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

function status(): ChildStatus {
  return { voices: [...voices.keys()], memoryMb: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

async function voiceIn(dir: string): Promise<Voice> {
  const text = await readCardText(dir);
  let voice = voices.get(dir);
  voices.delete(dir);
  if (voice !== undefined && voice.cardText !== text) {
    await voice.close();
    voice = undefined;
  }
  voice ??= await Voice.open(dir, { provider, threads });
  voices.set(dir, voice);
  for (const [oldDir, old] of voices) {
    if (voices.size <= KEPT) break;
    voices.delete(oldDir);
    await old.close();
  }
  return voice;
}

async function perform(message: Exclude<ToChild, { type: 'cancel' }>): Promise<void> {
  const { task } = message;
  try {
    if (message.type === 'load') {
      await voiceIn(message.voiceDir);
      send({ type: 'loaded', task, status: status() });
      return;
    }
    const isCancelled = (): boolean => cancelled.has(task);
    if (isCancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
    const voice = await voiceIn(message.request.voiceDir);
    const result = await makeClip(voice, message.request, (event) => send({ type: 'event', task, event }), isCancelled);
    send({ type: 'done', task, result, status: status() });
  } catch (error) {
    const { code, message: text } = toEngineError(error);
    send({ type: 'failed', task, code, message: text, status: status() });
  } finally {
    waiting.delete(task);
    cancelled.delete(task);
  }
}

process.on('message', (message: ToChild) => {
  if (message.type === 'cancel') {
    // One that comes too late has nothing to stop.
    if (waiting.has(message.task)) cancelled.add(message.task);
  } else {
    waiting.add(message.task);
    last = last.then(() => perform(message));
  }
});
send({ type: 'ready', provider, problems, ortVersion });
