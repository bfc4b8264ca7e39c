import { type Answer, isTerminal, ProtocolError, parseRequest, type Role } from '../../../protocol/index.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';

/** A client inside the server's own process: the same dispatcher, no bytes. */
export interface MemoryClient {
  /** Takes a request as a decoder would give it, valid or not. */
  send(request: unknown): void;
  /** Answers reach every listener, in order, after the current turn. Returns the way to stop. */
  onAnswer(listener: (answer: Answer) => void): () => void;
  /**
   * Sends one request and resolves with the data of its `done`; rejects with the ProtocolError of its `failed`. Aborting
   * the signal cancels the request.
   */
  call(
    cmd: string,
    args?: Record<string, unknown>,
    onEvent?: (answer: Answer) => void,
    signal?: AbortSignal,
  ): Promise<Answer['data']>;
  /** Stops what is still open; nothing is answered any more. */
  close(): void;
}

export function connectMemory(dispatcher: Dispatcher, role: Role = 'play'): MemoryClient {
  const listeners = new Set<(answer: Answer) => void>();
  const session = dispatcher.connect({
    transport: 'memory',
    role,
    // In a later turn, as with any other transport: nobody is answered from inside their own send().
    send: (answer) => queueMicrotask(() => listeners.forEach((listener) => void listener(answer))),
  });
  const pending = new Set<(error: ProtocolError) => void>();
  let calls = 0;
  const send = (request: unknown): void => void dispatcher.receive(session, () => parseRequest(request));
  const onAnswer = (listener: (answer: Answer) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    send,
    onAnswer,
    call: (cmd, args = {}, onEvent, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(new ProtocolError('cancelled'));
        const id = `call-${++calls}`;
        const cancel = (): void => send({ id: `${id}-cancel`, cmd: 'foley.cancel', args: { request: id } });
        signal?.addEventListener('abort', cancel, { once: true });
        pending.add(reject);
        const stop = onAnswer((answer) => {
          if (answer.id !== id) return;
          onEvent?.(answer);
          if (!isTerminal(answer.event)) return;
          stop();
          signal?.removeEventListener('abort', cancel);
          pending.delete(reject);
          if (answer.event === 'done') resolve(answer.data);
          else reject(asError(answer.data));
        });
        send({ id, cmd, args });
      }),
    close: () => {
      dispatcher.disconnect(session);
      listeners.clear();
      for (const reject of pending) reject(new ProtocolError('connection_closed'));
      pending.clear();
    },
  };
}

function asError(data: Answer['data']): ProtocolError {
  const { code, message, path } = data as ReturnType<ProtocolError['toData']>;
  return new ProtocolError(code, message, { path });
}
