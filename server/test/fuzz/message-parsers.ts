/** Messages of clients, by each way that they come, as far as the dispatcher: JSON, msgpack, OSC, OSCQuery, HTTP, MIDI. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type Answer,
  type Codec,
  type CommandName,
  commandNames,
  commandOf,
  type Role,
} from '../../../protocol/index.ts';
import { Dispatcher, type Handler, type Handlers } from '../../dispatch/dispatcher.ts';
import { MidiInput } from '../../midi/input.ts';
import { handleCommand } from '../../network/transports/http-commands.ts';
import { OscSpace } from '../../network/transports/osc-address-space.ts';
import type { TransportContext } from '../../network/transports/transport.ts';
import { WsOsc } from '../../network/transports/ws-osc.ts';
import type { SendQueue } from '../../network/transports/ws-send-queue.ts';
import { assertSaid, attempt, bytes, coded, type Parser, word } from './parser.ts';

/** Handlers that answer at once with all that each command's declaration gives as an example. */
function exampleHandlers(): Handlers {
  const all = commandNames.map((name): [CommandName, Handler<CommandName>] => {
    const { done, ...others } = commandOf(name).example.events as Record<string, never>;
    const handler: Handler<CommandName> = ({ emit }) => {
      for (const [event, data] of Object.entries(others)) emit(event as never, data);
      return done as never;
    };
    return [name, handler];
  });
  return Object.fromEntries(all) as unknown as Handlers;
}

function newRegistry(): Dispatcher {
  return new Dispatcher({
    handlers: exampleHandlers(),
    openRequests: 64,
    onFault: (error) => {
      throw error;
    },
  });
}

/** What a message makes the dispatcher say, at most: each event of an example once, `late` and an end. */
const EVENTS = 2 + Math.max(...commandNames.map((name) => Object.keys(commandOf(name).example.events).length));

export function overWs(codec: Codec, frames: Uint8Array[], role: Role = 'admin'): Parser {
  const dispatcher = newRegistry();
  let [said, count]: [string[], number] = [[], 0];
  const session = dispatcher.connect({
    transport: `ws-${codec.name}`,
    role,
    send: (answer) => {
      codec.encode(answer);
      count += 1;
      said.push(word(answer));
    },
  });
  return {
    name: role === 'admin' ? codec.name : `${codec.name}, play`,
    frames,
    came: { count: () => count, most: () => EVENTS },
    async take(frame) {
      said = [];
      const read = codec.binary ? frame : Buffer.from(frame).toString('utf8');
      await dispatcher.receive(session, () => codec.decode(read));
      return said.join(' ');
    },
  };
}

export function answersOf(codec: Codec, frames: Uint8Array[]): Parser {
  const take = (frame: Uint8Array): string =>
    attempt(() => codec.decodeAnswer(codec.binary ? frame : Buffer.from(frame).toString('utf8')));
  return { name: `${codec.name} answers`, frames, take };
}

/** Several messages at once, some of them in a bundle of their own within; far enough apart to have ids of their own. */
export function bundles(messages: Uint8Array[]): Uint8Array[] {
  const idOf = (message: Uint8Array): string => Buffer.from(message).toString('latin1').split(/\0+/)[2] ?? '';
  return Array.from({ length: 8 }, (_, i) => {
    // Two requests of one id at a time are refused.
    const from = [...messages.slice(i), ...messages.slice(0, i)];
    const [one, two, three, four] = [...new Map(from.map((message) => [idOf(message), message])).values()];
    return bundle([one!, bundle([two!, three!]), four!]);
  });
}

/** OSC 1.0: the mark, a timetag that says "at once", then each element after its size. */
function bundle(elements: readonly Uint8Array[]): Uint8Array {
  const parts = [bytes('#bundle\0'), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)];
  for (const element of elements) {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, element.length);
    parts.push(size, element);
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const readable = ['/foley/state/voice', '/foley/state/jobs'];

export function oscQueryTexts(): Uint8Array[] {
  return ['LISTEN', 'IGNORE'].flatMap((COMMAND) => readable.map((DATA) => bytes(JSON.stringify({ COMMAND, DATA }))));
}

export function overOsc(name: string, isBinary: boolean, frames: Uint8Array[]): Parser {
  let [said, count]: [string[], number] = [[], 0];
  let running = 0;
  const none = { maps: () => [], pools: () => [], voice: () => 'default', jobs: () => ({ running, waiting: 0 }) };
  const limits = { oscTimed: 32, oscHorizonMs: 60_000 };
  const space = new OscSpace(none);
  const context: TransportContext = { dispatcher: newRegistry(), log: () => undefined };
  const osc = new WsOsc(context, { ...limits, space, isMapped: (address) => address === '/pad' });
  // Of the way out only this is called.
  const outlet = {
    send(make: () => string | Uint8Array) {
      const frame = make();
      count += 1;
      said.push(typeof frame === 'string' ? textOf(frame) : addressOf(frame));
    },
  } as unknown as SendQueue;
  const { receive } = osc.serve('admin', outlet);
  return {
    // A message has four bytes at least, and each answer of one may take several datagrams.
    name,
    frames,
    came: { count: () => count, most: (size) => 64 * EVENTS * (1 + size / 16) },
    async take(frame) {
      said = [];
      receive(Buffer.from(frame), isBinary);
      await turn();
      if (isBinary) return said.join(' ');
      // Who listens is told of it.
      running += 1;
      space.touch();
      await turn();
      return said.join(' ');
    },
    rest() {
      for (const DATA of readable) receive(Buffer.from(JSON.stringify({ COMMAND: 'IGNORE', DATA })), false);
    },
    close: () => osc.close(),
  };
}

function textOf(frame: string): string {
  const { COMMAND, DATA } = JSON.parse(frame) as { COMMAND: string; DATA: { code?: unknown; message?: unknown } };
  if (COMMAND !== 'FAILED') return COMMAND;
  assertSaid(DATA.code, DATA.message);
  return String(DATA.code);
}

/** The address of an OSC message; of a failure its code is checked, which is the second string. */
function addressOf(frame: Uint8Array): string {
  const strings = Buffer.from(frame).toString('latin1').split(/\0+/);
  if (strings[0] === '/foley/failed' && strings.includes('internal')) throw new Error('answered with internal');
  return strings[0]!;
}

export function httpBodies(): Parser {
  const dispatcher = newRegistry();
  const names = commandNames.filter((name) => commandOf(name).http);
  const options = { dispatcher, log: () => undefined, messageBytes: 1 << 20 };
  let count = 0;
  return {
    name: 'http bodies',
    frames: names.map((name) => bytes(JSON.stringify(commandOf(name).example.args))),
    came: { count: () => count, most: () => 1 },
    async take(frame, base) {
      const request = Object.assign(Readable.from([Buffer.from(frame)]), {
        headers: {},
        socket: {},
      }) as unknown as IncomingMessage;
      const response = new Written();
      await handleCommand(request, response as unknown as ServerResponse, names[base]!, 'admin', options).catch(coded);
      count += 1;
      const answer = JSON.parse(response.text) as Pick<Answer, 'event' | 'data'>;
      if ((response.status === 200) !== (answer.event === 'done'))
        throw new Error(`${answer.event} with ${response.status}`);
      return word(answer);
    },
  };
}

class Written extends EventEmitter {
  status = 0;
  text = '';

  setHeader(): void {}

  writeHead(status: number): void {
    this.status = status;
  }

  end(text: string): void {
    this.text = text;
    this.emit('close');
  }
}

export function midi(): Parser {
  let [said, count]: [string[], number] = [[], 0];
  let ms = 0;
  const input = new MidiInput(
    'fuzz',
    () => ++ms,
    (event) => {
      const { at, device, ...rest } = event;
      said.push(Object.values(rest).join(':'));
      count += 1;
    },
  );
  const frames = [
    [0x90, 60, 100, 0x80, 60, 0],
    [0x95, 36, 127, 38, 1, 36, 0, 38, 0],
    [0xb0, 7, 100, 0xb3, 64, 127, 64, 0],
    [0xb0, 123, 0],
    [0xc2, 5, 0xd0, 90, 0xe0, 0, 64, 0xa1, 60, 10],
    [0xfa, 0xf8, 0xf8, 0xf8, 0xfc, 0xf2, 16, 2, 0xfb, 0xf8],
    [0xf0, 0x7e, 0x7f, 6, 1, 0xf8, 0xf7, 0x90, 61, 1],
    [0x90, 0xf8, 62, 0xfe, 90, 0xf1, 3, 0xf3, 4, 0xf6, 0x91, 1, 2],
  ].map((one) => Uint8Array.from(one));
  return {
    // Each message is told once, and what it holds down is lifted once.
    name: 'midi',
    frames,
    came: { count: () => count, most: (size) => 2 * size },
    take(frame) {
      said = [];
      input.receive(0.001, frame);
      return said.join(' ');
    },
    rest: () => input.release(),
  };
}
