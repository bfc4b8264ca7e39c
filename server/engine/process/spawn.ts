import type { ChildProcess } from 'node:child_process';
import { shortageIn } from '../../util/shortage.ts';
import { forkChild } from '../../util/start-child.ts';
import type { Execution } from '../onnx/runtime.ts';
import { type FromChild, ownCopy, type ToChild } from './messages.ts';

/** How a process works. */
export interface ProcessOptions extends Execution {
  /** Megabytes of memory that its voices may take. */
  voiceMemory: number;
}

export interface EngineProcess {
  pid: number | null;
  /** Throws where a message cannot be put into bytes. */
  send(message: ToChild): void;
  /** Asks it to leave; resolves when it has, by force after two seconds. */
  stop(): Promise<void>;
  kill(): void;
}

export interface ProcessEvents {
  onMessage(message: FromChild): void;
  /** Once, however it ended: exit, signal, or failing to start at all. Nothing comes after it. */
  onExit(reason: string): void;
  onLine(line: string): void;
}

const STOP_MS = 2000;

/** Starts the engine's process, from any working folder and however the server itself was started. */
export function startProcess({ threads, provider, voiceMemory }: ProcessOptions, events: ProcessEvents): EngineProcess {
  const args = [String(threads), provider, String(voiceMemory)];
  const child = forkChild(new URL('./child.ts', import.meta.url), args, {
    // Typed arrays cross as themselves.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let over = false;
  const gone = new Promise<void>((resolve) => {
    const end = (reason: string): void => {
      if (over) return;
      over = true;
      resolve();
      events.onExit(reason);
    };
    child.once('error', (error) =>
      child.pid === undefined ? end(shortageIn(error) ?? error.message) : events.onLine(error.message),
    );
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  child.on('message', (message) => void (over || events.onMessage(ownCopy(message as FromChild))));
  for (const stream of [child.stdout, child.stderr]) lines(stream, events.onLine);
  return {
    pid: child.pid ?? null,
    // A child that has just died is reported by its exit, not by the message that did not reach it.
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    stop: () => stop(child, gone),
    kill: () => void child.kill('SIGKILL'),
  };
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  // One that waits for a dead disk does not even end by force, and is not waited for.
  let late: NodeJS.Timeout | undefined;
  await Promise.race([gone, new Promise((resolve) => (late = setTimeout(resolve, 2 * STOP_MS)))]);
  clearTimeout(timer);
  clearTimeout(late);
}

function lines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    for (const line of text.split('\n')) if (line.trim() !== '') onLine(line.slice(0, 2000));
  });
}
