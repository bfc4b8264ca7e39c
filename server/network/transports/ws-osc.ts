import { withoutMark } from '../../../protocol/byte-order-mark.ts';
import {
  access,
  decodeOsc,
  encodeOscFailed,
  type OscItem,
  type OscQueryCommand,
  oscMessage,
  oscQueryChars,
  ProtocolError,
  type Role,
  toProtocolError,
} from '../../../protocol/index.ts';
import type { OscSpace, SpaceEvent } from './osc-address-space.ts';
import { connectOscClient, type OscConnection } from './osc-client.ts';
import { TimetagQueue, type TimetagQueueOptions } from './osc-timetag-queue.ts';
import type { TransportContext } from './transport.ts';
import type { SendQueue, WsConnection } from './ws-send-queue.ts';

export interface WsOscOptions extends TimetagQueueOptions {
  space: OscSpace;
  /** Addresses of users' own, which fire triggers. */
  isMapped: (address: string) => boolean;
}

interface From {
  connection: OscConnection;
  queue: SendQueue;
}

/**
 * OSC over WebSocket, as osc-js and OSCQuery speak it: binary frames are OSC packets both ways, text frames OSCQuery's
 * commands and notices.
 */
export class WsOsc {
  readonly #context: TransportContext;
  readonly #options: WsOscOptions;
  readonly #timetags: TimetagQueue<From>;

  constructor(context: TransportContext, options: WsOscOptions) {
    this.#context = context;
    this.#options = options;
    this.#timetags = new TimetagQueue(options, (item, from, at) => handle(item, from, at));
  }

  serve(role: Role, queue: SendQueue): WsConnection {
    const { dispatcher } = this.#context;
    const { space, isMapped } = this.#options;
    const send = (frame: Uint8Array, droppable: boolean): void => queue.send(() => frame, droppable);
    const connection = connectOscClient(dispatcher, send, { transport: 'ws-osc', role, lasting: true });
    const listening = new Set<string>();
    /** osc-js takes text for the name of an event of its own: who spoke OSC only is sent none. */
    let wantsText = true;
    let hasSpokenText = false;
    const stopWatching = space.watch((event) => {
      if (event.type === 'paths') for (const path of event.removed) listening.delete(path);
      for (const frame of framesOf(event, listening, wantsText)) queue.send(() => frame, typeof frame !== 'string');
    });
    const receive = (bytes: Buffer, isBinary: boolean): void => {
      if (!isBinary) wantsText = hasSpokenText = true;
      else if (!hasSpokenText) wantsText = false;
      try {
        if (isBinary) {
          const now = Date.now();
          for (const batch of decodeOsc(bytes, now, isMapped))
            this.#timetags.schedule(batch, { connection, queue }, now);
        } else obey(readCommand(bytes.toString('utf8')), listening, space, role);
      } catch (thrown) {
        const error = toProtocolError(thrown);
        this.#context.log('debug', 'an OSC frame was refused', { code: error.code, reason: error.message });
        if (isBinary) send(encodeOscFailed(error), true);
        else queue.send(() => JSON.stringify({ COMMAND: 'FAILED', DATA: error.toData() }), true);
      }
    };
    return {
      session: connection.session,
      isInUse: () => connection.session.open.size > 0 || listening.size > 0,
      receive,
      close() {
        stopWatching();
        dispatcher.disconnect(connection.session);
      },
    };
  }

  close(): void {
    this.#timetags.close();
  }
}

function handle(item: OscItem, { connection, queue }: From, at: number | null): void {
  if (item.kind === 'request' && item.reply === undefined) connection.receive(item, at);
  else if (item.kind !== 'nothing') {
    const refused = item.kind === 'refused' ? item : null;
    const error =
      refused?.error ?? new ProtocolError('bad_args', 'answers come over this WebSocket; leave /foley/reply out');
    queue.send(() => encodeOscFailed(error, refused?.echo ?? { type: 'string', value: '/foley/reply' }), true);
  }
}

/** Throws malformed, too_large and bad_args. */
function readCommand(text: string): OscQueryCommand {
  if (text.length > oscQueryChars)
    throw new ProtocolError('too_large', `the command is too long; expected at most ${oscQueryChars} characters`);
  let given: unknown;
  try {
    given = JSON.parse(withoutMark(text));
  } catch (cause) {
    throw new ProtocolError('malformed', 'text is JSON here, {COMMAND, DATA}; OSC packets are binary frames', {
      cause,
    });
  }
  const { COMMAND, DATA } = (given ?? {}) as Partial<Record<keyof OscQueryCommand, unknown>>;
  if (COMMAND !== 'LISTEN' && COMMAND !== 'IGNORE')
    throw new ProtocolError('bad_args', 'COMMAND: expected LISTEN or IGNORE', { path: 'COMMAND' });
  if (typeof DATA !== 'string') throw new ProtocolError('bad_args', 'DATA: expected an OSC address', { path: 'DATA' });
  return { COMMAND, DATA };
}

/** Only what is there can be listened to, so that there are never more of them than addresses. */
function obey({ COMMAND, DATA }: OscQueryCommand, listening: Set<string>, space: OscSpace, role: Role): void {
  if (COMMAND === 'IGNORE') {
    listening.delete(DATA);
    return;
  }
  const node = space.find(DATA, role);
  if (node === null || node.FULL_PATH !== DATA || (node.ACCESS & access.read) === 0)
    throw new ProtocolError('unknown_command', 'no OSC method of this address has a value; GET / lists those that do', {
      path: 'DATA',
    });
  listening.add(DATA);
}

function framesOf(event: SpaceEvent, listening: ReadonlySet<string>, wantsText: boolean): (string | Uint8Array)[] {
  if (event.type === 'value') {
    const { path, tags, values } = event;
    // A whole number is an int32 unless one says that it is a float.
    const args = values.map((value, i) =>
      typeof value === 'number' && tags[i] === 'f' ? ({ type: 'float', value } as const) : value,
    );
    return listening.has(path) ? [oscMessage(path, ...args)] : [];
  }
  if (!wantsText) return [];
  const notice = (COMMAND: string, DATA: string): string => JSON.stringify({ COMMAND, DATA });
  return [
    ...event.removed.map((path) => notice('PATH_REMOVED', path)),
    ...event.added.map((path) => notice('PATH_ADDED', path)),
    ...event.changed.map((path) => notice('PATH_CHANGED', path)),
    // For clients that know no other notice.
    ...(event.added.length + event.removed.length > 0 ? [notice('PATH_CHANGED', event.within)] : []),
  ];
}
