/** How frames travel to a server, and what must hold of what comes back whatever was sent. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fromBuffer, toBuffer } from 'osc-min';
import WebSocket from 'ws';
import { type Answer, type Codec, isErrorCode, isTerminal } from '../../../protocol/index.ts';
import { ADMIN, Hang, type Role, type Running, within } from './server.ts';

export interface Frame {
  bytes: Uint8Array;
  /** Of a request that is right as an envelope: it must end exactly once. */
  id?: string;
  /** Where it is cut into pieces that are sent one by one. */
  cuts?: number[];
  /** Command of such a request. */
  cmd?: string;
}

export interface Sent {
  /** Requests that became jobs, that were done, and that were refused. */
  accepted: number;
  done: number;
  refused: number;
  /** Frames that were read, where that is not all of them. */
  read?: number;
  /** How often each command of a frame that is right ended with what: `done` or a code. */
  ends: Map<string, Map<string, number>>;
}

const nothing = (): Sent => ({ accepted: 0, done: 0, refused: 0, ends: new Map() });

/** Sends frames of one client. Throws where the server breaks a promise; `hear` gets what was answered. */
export type Carrier = (
  server: Running,
  role: Role,
  frames: readonly Frame[],
  hear: (data: unknown) => void,
) => Promise<Sent>;

/** The server did what it must not. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

function checkFailed(code: unknown, message: unknown): void {
  if (!isErrorCode(code) || code === 'internal') throw new Broken(`answered with ${String(code)}: ${String(message)}`);
  if (typeof message === 'string' && message.length > 4000)
    throw new Broken('a message echoes what was sent at length');
}

const pieces = ({ bytes, cuts = [] }: Frame): Uint8Array[] => {
  const ends = [...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
};

const tokenOf = (role: Role): Record<string, string> => (role === 'admin' ? { authorization: `Bearer ${ADMIN}` } : {});

let counted = 0;

/** Milliseconds that a client may wait for ends before it cancels what is left. */
const WAIT_MS = 400;

/** A WebSocket of the protocol's own. */
export function overWs(codec: Codec): Carrier {
  return async (server, role, frames, hear) => {
    const socket = new WebSocket(server.app.urls.ws ?? '', codec.subprotocol, {
      perMessageDeflate: false,
      headers: tokenOf(role),
    });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await within(Promise.race([once(socket, 'open'), closed]), 'a WebSocket to open');
    const sent = nothing();
    const ids = new Map<string, { cmd: string | null; ends: number }>(
      frames.flatMap(({ id, cmd }) => (id === undefined ? [] : [[id, { cmd: cmd ?? null, ends: 0 }] as const])),
    );
    let problem: Error | null = null;
    let wake = (): void => undefined;
    const take = (answer: Answer): void => {
      hear(answer.data);
      if (answer.event === 'failed') {
        sent.refused += 1;
        // It answers another message that has the id of one that is open.
        if (answer.data.code === 'duplicate_id') return;
        checkFailed(answer.data.code, answer.data.message);
      }
      if (answer.event === 'accepted') sent.accepted += 1;
      if (answer.event === 'done') sent.done += 1;
      const known = ids.get(answer.id ?? '');
      if (known === undefined || !isTerminal(answer.event)) return;
      if (++known.ends > 1) throw new Broken(`request ${answer.id} ended twice`);
      if (known.cmd === null) return;
      const ends = sent.ends.get(known.cmd) ?? new Map<string, number>();
      const how = answer.event === 'done' ? 'done' : String(answer.data.code);
      sent.ends.set(known.cmd, ends.set(how, (ends.get(how) ?? 0) + 1));
    };
    socket.on('message', (data, isBinary) => {
      try {
        take(codec.decodeAnswer(isBinary ? new Uint8Array(data as Buffer) : String(data)));
      } catch (error) {
        problem ??= error as Error;
      }
      wake();
    });
    const ask = (cmd: string, args: Record<string, unknown>): string => {
      const id = `bench ${++counted}`;
      ids.set(id, { cmd: null, ends: 0 });
      socket.send(codec.encodeRequest({ id, cmd, args }));
      return id;
    };
    const until = (is: () => boolean, what: string, ms?: number): Promise<unknown> => {
      const reached = new Promise<void>((resolve) => {
        const look = (): void => void ((is() || problem !== null) && resolve());
        wake = look;
        look();
      });
      return within(Promise.race([reached, closed]), what, ms);
    };
    for (const frame of frames) {
      const all = pieces(frame);
      for (const [i, piece] of all.entries())
        socket.send(codec.binary ? piece : Buffer.from(piece), { binary: codec.binary, fin: i === all.length - 1 });
    }
    const ping = ask('server.ping', {});
    await until(() => ids.get(ping)!.ends > 0, 'the answer to a ping after the frames');
    const open = (): string[] => [...ids].flatMap(([id, { ends }]) => (ends === 0 ? [id] : []));
    // Half of the clients wait a little for what they asked for.
    if (frames.length % 2 === 0) await until(() => open().length === 0, 'ends', WAIT_MS).catch(() => undefined);
    // Watches and paused jobs would go on for ever.
    if (socket.readyState === WebSocket.OPEN) for (const request of open()) ask('foley.cancel', { request });
    await until(() => open().length === 0, `an end of ${open().length} requests that were cancelled`);
    socket.terminate();
    await closed;
    if (problem !== null) throw problem;
    return sent;
  };
}

const oscBytes = (address: string, ...args: (string | number)[]): Uint8Array => {
  const view = toBuffer({ address, args });
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
};

/** Notes what an OSC message of the server says; the text of a pong, else null. */
function takeOsc(packet: Uint8Array, sent: Sent): string | null {
  const read = fromBuffer(Buffer.from(packet));
  if (read.oscType !== 'message') throw new Broken('a bundle came from the server');
  const args = read.args.map((arg) => ('value' in arg ? arg.value : null));
  if (read.address === '/foley/accepted') sent.accepted += 1;
  else if (read.address === '/foley/failed') {
    sent.refused += 1;
    checkFailed(args[1], args[2]);
  } else if (!/^\/foley\/(row|preview|watch|state)\b/.test(read.address)) sent.done += 1;
  return read.address === '/foley/pong' ? String(args[0]) : null;
}

/** Frames, and bytes, between looks whether the server still hears: what its system does not hold would be lost on the way. */
const OSC_BURST = { frames: 32, bytes: 48_000 };
const OSC_LARGEST = 40_000;

function bursts(frames: readonly Frame[]): Uint8Array[][] {
  const all: Uint8Array[][] = [];
  let [bytes, last]: [number, Uint8Array[]] = [0, []];
  for (const frame of frames) {
    if (frame.bytes.length > OSC_LARGEST) continue;
    if (last.length >= OSC_BURST.frames || bytes + frame.bytes.length > OSC_BURST.bytes) [bytes, last] = [0, []];
    if (last.length === 0) all.push(last);
    last.push(frame.bytes);
    bytes += frame.bytes.length;
  }
  return all;
}

export const overUdp: Carrier = async (server, _role, frames) => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const sent = nothing();
  let problem: Error | null = null;
  const pongs = new Set<string>();
  let wake = (): void => undefined;
  socket.on('message', (packet) => {
    try {
      const pong = takeOsc(packet, sent);
      if (pong !== null) pongs.add(pong);
    } catch (error) {
      problem ??= error as Error;
    }
    wake();
  });
  const send = (bytes: Uint8Array): void => socket.send(bytes, server.app.ports.osc ?? 0, '127.0.0.1');
  try {
    for (const burst of bursts(frames)) {
      for (const bytes of burst) send(bytes);
      const token = `bench ${++counted}`;
      const heard = new Promise<void>((resolve) => {
        wake = () => void ((pongs.has(token) || problem !== null) && resolve());
      });
      // Where answers go may have been among them; and a datagram may be lost.
      const again = (): void => {
        send(oscBytes('/foley/reply', 0));
        send(oscBytes('/foley/ping', token));
      };
      again();
      const timer = setInterval(again, 2000);
      await within(heard, 'a pong after OSC frames').finally(() => clearInterval(timer));
      if (problem !== null) throw problem;
    }
  } finally {
    socket.close();
  }
  return sent;
};

export const overOscWs: Carrier = async (server, role, frames) => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.app.ports.http}/`, {
    perMessageDeflate: false,
    headers: tokenOf(role),
  });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await within(Promise.race([once(socket, 'open'), closed]), 'a WebSocket for OSC to open');
  const sent = nothing();
  const token = `bench ${++counted}`;
  const heard = new Promise<void>((resolve, reject) => {
    socket.on('message', (data, isBinary) => {
      try {
        if (isBinary && takeOsc(data as Buffer, sent) === token) resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
  for (const frame of frames) {
    const all = pieces(frame);
    // Text is OSCQuery's.
    const binary = frame.bytes[0] !== 0x7b;
    for (const [i, piece] of all.entries()) socket.send(Buffer.from(piece), { binary, fin: i === all.length - 1 });
  }
  socket.send(oscBytes('/foley/ping', token));
  await within(Promise.race([heard, closed]), 'a pong after OSC over WebSocket');
  socket.terminate();
  await closed;
  return sent;
};

/** Each frame is all that one connection says. */
export const overHttp: Carrier = async (server, _role, frames) => {
  const sent = nothing();
  for (const frame of frames) {
    const said = await within(
      exchange(server, pieces(frame)),
      `the end of a connection that said ${Buffer.from(frame.bytes.subarray(0, 60)).toString('latin1')}`,
    );
    countHttp(said, sent);
  }
  return sent;
};

/** Milliseconds without a byte after which what is asked for no longer comes: a broken frame took it for its own. */
const QUIET_MS = 2000;

/** All frames in one connection, one behind the other before any is answered; what follows a broken one may not be read. */
export const overPipelinedHttp: Carrier = async (server, _role, frames) => {
  const sent = nothing();
  const last = Buffer.from('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const parts = [...frames.flatMap(pieces), last];
  countHttp(await within(exchange(server, parts, QUIET_MS), 'the end of a connection with many requests'), sent);
  return { ...sent, read: Math.min(frames.length, sent.done + sent.refused) };
};

function countHttp(said: string, sent: Sent): void {
  // Each answer with JSON or without any body; a clip's bytes do not say this.
  const answers = said.match(/HTTP\/1\.1 \d{3} /g) ?? [];
  const good = answers.filter((line) => line.startsWith('HTTP/1.1 2')).length;
  sent.done += good;
  sent.refused += answers.length - good;
  const fault = /"code":"internal"/.exec(said);
  if (fault !== null)
    throw new Broken(`answered with ${said.slice(Math.max(0, fault.index - 300), fault.index + 300)}`);
}

/** @param quiet after so many milliseconds without a byte the client has no more to say */
function exchange(server: Running, parts: readonly Uint8Array[], quiet = 5): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    const socket = connect({ host: '127.0.0.1', port: server.app.ports.http ?? 0 }, () => {
      for (const part of parts) socket.write(part);
      // What is cut short would wait for the rest.
      timer = setTimeout(() => socket.end(), quiet);
    });
    socket.setNoDelay(true);
    socket.setEncoding('latin1').on('data', (text) => {
      said = (said + text).slice(0, 1_000_000);
      timer?.refresh();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

/** Files of voices as bodies. */
export const overPut: Carrier = async (server, role, frames) => {
  const sent = nothing();
  for (const { bytes } of frames) {
    const url = `${server.app.urls.http}/v1/voice.import?as=v${++counted}`;
    const answered = fetch(url, { method: 'PUT', headers: tokenOf(role), body: Buffer.from(bytes) });
    const answer = (await (await within(answered, 'the end of an import')).json()) as Pick<Answer, 'event' | 'data'>;
    if (answer.event === 'done') sent.done += 1;
    else checkFailed(answer.data.code, answer.data.message);
    if (answer.event === 'failed') sent.refused += 1;
    if (answer.event === 'done')
      await fetch(`${server.app.urls.http}/v1/voice.delete`, {
        method: 'POST',
        headers: tokenOf(role),
        body: JSON.stringify({ voice: answer.data.voice }),
      });
  }
  return sent;
};

export const overMidi: Carrier = async (server, _role, frames) => {
  for (const { bytes } of frames) server.midi(bytes);
  const answer = await within(fetch(`${server.app.urls.http}/health`), 'an answer after MIDI');
  if (answer.status !== 200) throw new Hang(`/health says ${answer.status}`);
  await answer.arrayBuffer();
  return { ...nothing(), done: frames.length };
};
