/** Everything that reads bytes from outside, each with frames that are right, as far into the server as the dispatcher. */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type GoldenFile, type Recording, readAll } from '../../../protocol/golden/record.ts';
import {
  type Answer,
  type Codec,
  type CommandName,
  commandNames,
  commandOf,
  isErrorCode,
  jsonCodec,
  msgpackCodec,
  ProtocolError,
} from '../../../protocol/index.ts';
import { readBext, writeBext } from '../../audio/bext.ts';
import { encodeFlac, readFlacComments } from '../../audio/flac.ts';
import { readRecipe, writeRecipe } from '../../audio/recipe.ts';
import { findChunk } from '../../audio/riff.ts';
import { decodeWav, encodeWav, packWav, WavError, wavFormat } from '../../audio/wav.ts';
import { readWavHead } from '../../audio/wav-head.ts';
import { readSidecar, writeSidecar } from '../../clips/sidecar.ts';
import { readSheet } from '../../delivery/csv.ts';
import { Dispatcher, type Handler, type Handlers } from '../../dispatch/dispatcher.ts';
import { EngineError } from '../../engine/errors.ts';
import { parseCard } from '../../engine/inference/card.ts';
import { StatisticsError } from '../../evaluation/fad.ts';
import { readReference } from '../../evaluation/reference.ts';
import { readRecording } from '../../generation/recording.ts';
import { MidiInput } from '../../midi/input.ts';
import { handleCommand } from '../../network/transports/http-commands.ts';
import { OscSpace } from '../../network/transports/osc-address-space.ts';
import type { TransportContext } from '../../network/transports/transport.ts';
import { WsOsc } from '../../network/transports/ws-osc.ts';
import type { SendQueue } from '../../network/transports/ws-send-queue.ts';
import { readMarkers } from '../../spotting/markers.ts';

export interface Parser {
  name: string;
  /** Frames that are right. */
  frames: readonly Uint8Array[];
  /**
   * Takes a frame as what carries it does; `base` is the number of the frame that it was made of. Says what came of it,
   * in a word or several. Throws whatever is a fault.
   */
  take(frame: Uint8Array, base: number): string | Promise<string>;
  /** Things that came of all frames so far, and the most that may come of one of so many bytes. */
  came?: { count: () => number; most: (bytes: number) => number };
  /** Brings it back to its beginning before frames that are right. */
  rest?: () => void;
  close?: () => void;
}

/** The error's code. Throws anything that has none, `internal` included: nothing from outside is a fault of the server. */
function coded(error: unknown): string {
  if (error instanceof ProtocolError && error.code !== 'internal') {
    assertSaid(error.code, error.message);
    return error.code;
  }
  throw error;
}

function assertSaid(code: unknown, message: unknown): void {
  if (!isErrorCode(code) || code === 'internal') throw new Error(`answered with ${String(code)}: ${String(message)}`);
  if (typeof message !== 'string' || message.length > 2000) throw new Error('a message echoes what was sent at length');
}

/** Whether what came of a frame is that it was not taken. */
export function isRefusal(said: string): boolean {
  return (
    said === 'refused' || said.split(' ').some((one) => isErrorCode(one) || ['none', '/foley/failed'].includes(one))
  );
}

/** What an answer says in a word. */
function word({ event, data }: Pick<Answer, 'event' | 'data'>): string {
  if (event !== 'failed') return event;
  assertSaid(data.code, data.message);
  return String(data.code);
}

function attempt(read: () => void): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return coded(error);
  }
}

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

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const unhex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

export async function allParsers(): Promise<Parser[]> {
  const golden = [...(await readAll())].map(([, text]) => JSON.parse(text) as GoldenFile);
  const answers = golden.flatMap(({ events }) => Object.values(events));
  const json = (all: readonly Recording[]): Uint8Array[] => all.map((one) => bytes(one.json));
  const msgpack = (all: readonly Recording[]): Uint8Array[] => all.map((one) => unhex(one.msgpack));
  const requests = golden.map(({ request }) => request);
  const packets = requests.flatMap(({ osc = [] }) => osc.map(unhex));
  return [
    overWs(jsonCodec, json(requests)),
    overWs(msgpackCodec, msgpack(requests)),
    answersOf(jsonCodec, json(answers)),
    answersOf(msgpackCodec, msgpack(answers)),
    overOsc('osc', true, [...packets, ...bundles(packets)]),
    overOsc('oscquery text', false, oscQueryTexts()),
    httpBodies(),
    midi(),
    wav(),
    delivered(),
    sheet(),
    markers(),
    recording(),
    sidecar(),
    card(),
    reference(),
  ];
}

function overWs(codec: Codec, frames: Uint8Array[]): Parser {
  const dispatcher = newRegistry();
  let [said, count]: [string[], number] = [[], 0];
  const session = dispatcher.connect({
    transport: `ws-${codec.name}`,
    role: 'admin',
    send: (answer) => {
      codec.encode(answer);
      count += 1;
      said.push(word(answer));
    },
  });
  return {
    name: codec.name,
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

function answersOf(codec: Codec, frames: Uint8Array[]): Parser {
  const take = (frame: Uint8Array): string =>
    attempt(() => codec.decodeAnswer(codec.binary ? frame : Buffer.from(frame).toString('utf8')));
  return { name: `${codec.name} answers`, frames, take };
}

/** Several messages at once, some of them in a bundle of their own within; far enough apart to have ids of their own. */
function bundles(messages: Uint8Array[]): Uint8Array[] {
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

function oscQueryTexts(): Uint8Array[] {
  return ['LISTEN', 'IGNORE'].flatMap((COMMAND) => readable.map((DATA) => bytes(JSON.stringify({ COMMAND, DATA }))));
}

function overOsc(name: string, isBinary: boolean, frames: Uint8Array[]): Parser {
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

function httpBodies(): Parser {
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

function midi(): Parser {
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

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 0.5 * Math.sin(i / 3));
const recipe = {
  voice: 'ab'.repeat(32),
  voiceId: 'default',
  class: 'Rain',
  classWeights: [0, 1],
  seed: 7,
  temperature: 1,
  topK: 0,
  topP: 1,
  rate: 22_050,
  shape: { fadeIn: 0.1, reverse: true },
};

/** As other programs write them: several channels, other widths, a format with an extension, chunks we do not know. */
function foreignWavs(): Uint8Array[] {
  const head = (code: number, channels: number, bits: number, more = 0): Uint8Array => {
    const view = new DataView(new ArrayBuffer(16 + more));
    for (const [at, value] of [
      [0, code],
      [2, channels],
      [12, (channels * bits) / 8],
      [14, bits],
    ] as const)
      view.setUint16(at, value, true);
    view.setUint32(4, 44_100, true);
    view.setUint32(8, (44_100 * channels * bits) / 8, true);
    if (more > 0) view.setUint16(24, 1, true);
    return new Uint8Array(view.buffer);
  };
  const body = Uint8Array.from({ length: 96 }, (_, i) => (i * 37) & 127);
  const file = (...chunks: [string, Uint8Array][]): Uint8Array => {
    const parts = chunks.map(([id, content]) => Buffer.concat([Buffer.from(id), sized(content), content]));
    const all = Buffer.concat([Buffer.from('WAVE'), ...parts]);
    return new Uint8Array(Buffer.concat([Buffer.from('RIFF'), sized(all), all]));
  };
  return [
    file(['fmt ', head(1, 2, 24)], ['data', body]),
    file(
      ['JUNK', new Uint8Array(28)],
      ['fmt ', head(0xfffe, 2, 16, 24)],
      ['data', body],
      ['LIST', bytes('INFOISFT\x04\0\0\0abc\0')],
    ),
    file(['fmt ', head(1, 1, 8)], ['data', body]),
    file(
      ['fmt ', head(3, 1, 64)],
      ['fact', new Uint8Array(4)],
      ['data', new Uint8Array(Float64Array.of(0.1, -0.2, 0.3).buffer)],
    ),
  ];
}

function sized(content: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  return size;
}

function wavFiles(): Uint8Array[] {
  const info = { comment: writeRecipe(recipe), software: 'foleyd' };
  return [encodeWav(wave(60), 22_050, 'f32', info), encodeWav(wave(61), 48_000, 's16', info), ...foreignWavs()];
}

function wav(): Parser {
  let count = 0;
  return {
    name: 'wav',
    frames: wavFiles(),
    // No more samples than bytes; none is read twice.
    came: { count: () => count, most: (size) => size },
    take(frame) {
      readWavHead(frame, frame.length);
      try {
        const { pcm, info } = decodeWav(frame);
        count += pcm.length;
        return `${pcm.length} samples, ${readRecipe(info.comment ?? '') === null ? 'bare' : 'with recipe'}`;
      } catch (error) {
        if (error instanceof WavError) return 'refused';
        throw error;
      }
    },
  };
}

/** Files that were delivered and come back: `generate --like` of a FLAC, and what bext says. */
function delivered(): Parser {
  const comments = [
    ['TITLE', 'Rain'],
    ['FOLEYD', writeRecipe(recipe)],
  ] as const;
  const loudness = { integrated: -23, range: 1, momentary: -20, shortTerm: -22 };
  const bext = writeBext({
    description: 'Rain',
    originator: 'foleyd',
    originatorReference: 'FLYD1',
    when: 1.7e12,
    timeReference: 5,
    loudness,
    truePeak: -2,
    codingHistory: ['A=PCM,F=48000,W=24,M=mono,T=x'],
  });
  const layout = { rate: 8000, channels: 1, bits: 16 } as const;
  const chunks = [bext, ...wavFormat(layout, 64)];
  const sound = Int32Array.from({ length: 64 }, (_, i) => (i * 37) % 99);
  const frames = [
    packWav(sound, layout, chunks),
    encodeFlac(sound, layout, { vendor: 'foleyd', comments, chunks }),
    encodeFlac(sound, layout, { vendor: '', comments }),
  ];
  return {
    name: 'delivered files',
    frames,
    take(frame) {
      const found = readFlacComments(frame);
      if (found !== null) return readRecipe(found.get('FOLEYD') ?? '') === null ? 'none' : 'with recipe';
      const body = findChunk(frame, 'bext');
      return body === null || readBext(body) === null ? 'none' : 'with bext';
    },
  };
}

function sheet(): Parser {
  const frames = [
    ...['class,seed\r\nRain,4\r\n', '\ufeffclip,"fx ""name"""\n"a\nb",c\n', 'sep=;\rclass;gain\rRain;-1,5\r'].map(
      bytes,
    ),
    new Uint8Array(Buffer.from('\ufeffclass\tseed\nRain\t4\n', 'utf16le')),
  ];
  return {
    name: 'sheets',
    frames,
    take(frame) {
      try {
        return `${readSheet(frame).rows.length} rows`;
      } catch (error) {
        // The place, or an encoding that has none.
        if (/^line \d+|^not UTF-8 text/.test((error as Error).message)) return 'refused';
        throw error;
      }
    },
  };
}

/** Markers of sheets and edit lists, as `foley.spot` takes them. */
function markers(): Parser {
  const event = '001  AX       A     C        00:00:00:00 00:00:01:00 01:00:05:00 01:00:06:12';
  const frames = [
    '#,Name,Start,End,Length\r\nM1,DogBark,0:01.500,,\r\nR1,Rain,0:02.000,0:05.250,0:03.250\r\n',
    'Marker Name\tDescription\tIn\tOut\tDuration\nsteps\t\t00:00:01:00\t00:00:01:12\t00:00:00:12\n',
    'At;Class;Alternates\n1,5;DogBark:0.7+Rain:0.3;2\n',
    `TITLE: REEL 1\nFCM: NON-DROP FRAME\n${event}\n* FROM CLIP NAME: DogBark\n* LOC: 01:00:05:05 RED     GunShot\n`,
    `TITLE: X\n${event}\n |C:ResolveColorBlue |M:Rain |D:50\n`,
  ].map(bytes);
  return {
    name: 'markers',
    frames,
    take(frame) {
      try {
        return `${readMarkers(Buffer.from(frame).toString('utf8'), { fps: 24 }).length} markers`;
      } catch (error) {
        const { message } = error as Error;
        if (message.length > 2000) throw new Error('a message echoes what was sent at length');
        if (/^line \d+|^it has no markers/.test(message)) return 'refused';
        throw error;
      }
    },
  };
}

/** Recordings as requests carry them: base64 of a WAV, or bare samples. */
function recording(): Parser {
  const frames = [
    ...wavFiles().map((file) => bytes(Buffer.from(file).toString('base64'))),
    ...wavFiles(),
    bytes('AAEAAgAD'),
  ];
  const wavs = wavFiles().length;
  return {
    name: 'recordings',
    frames,
    take: (frame, base) =>
      attempt(() => {
        const text = Buffer.from(frame).toString('latin1');
        if (base < wavs) readRecording({ data: text });
        else if (base < 2 * wavs) readRecording({ data: frame });
        else readRecording({ data: text, rate: 22_050, format: 's16' });
      }),
  };
}

function sidecar(): Parser {
  const codes = Uint16Array.from({ length: 48 }, (_, i) => (i * 31) % 512);
  const more = { seconds: 0.1, created: 1.7e12, starred: true, seeds: [1, 2], shape: { gain: -3 }, recipe };
  const delivery = { file: 'in/a.wav', at: 1.7e12, done: true };
  const frames = [
    writeSidecar({
      ...more,
      delivery,
      origin: { job: 'ab', index: 3 },
      makers: [{ worker: 'render-1', fingerprint: 'ab' }],
      name: 'door',
      codes,
      given: Uint8Array.from(codes, (c) => c & 1),
      lineage: { how: 'varied', from: 'ab', amount: 0.3 },
    }),
    writeSidecar({
      ...more,
      delivery: null,
      origin: null,
      makers: null,
      name: '',
      codes: null,
      given: null,
      recipe: null,
      lineage: null,
      shape: null,
      seeds: null,
    }),
  ];
  const take = (frame: Uint8Array): string =>
    readSidecar(Buffer.from(frame).toString('utf8')) === null ? 'none' : 'read';
  return { name: 'sidecars', frames: frames.map(bytes), take };
}

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../models/fixtures/${name}`, import.meta.url))));

function card(): Parser {
  const frames = ['tiny', 'tiny-vq', 'tiny-time'].map((name) => fixture(`${name}/card.json`));
  return {
    name: 'cards',
    frames,
    take(frame) {
      const text = Buffer.from(frame).toString('utf8');
      try {
        parseCard(text);
        return 'read';
      } catch (error) {
        if (error instanceof EngineError && error.code === 'voice_corrupt') return error.code;
        throw error;
      }
    },
  };
}

function reference(): Parser {
  return {
    name: 'references',
    frames: [fixture('distances/statistics.npz')],
    take(frame) {
      try {
        return [...readReference(frame).keys()].join(' ');
      } catch (error) {
        if (error instanceof StatisticsError) return 'refused';
        throw error;
      }
    },
  };
}
