/** OSC over UDP, and over a WebSocket. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fromBuffer, toBuffer } from 'osc-min';
import WebSocket from 'ws';
import {
  Broken,
  type Carrier,
  checkFailed,
  type Frame,
  nextNumber,
  nothing,
  pieces,
  type Sent,
  tokenOf,
} from './carrier.ts';
import { within } from './server.ts';

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
const fits = ({ bytes }: Frame): boolean => bytes.length <= OSC_LARGEST;

function bursts(frames: readonly Frame[]): Uint8Array[][] {
  const all: Uint8Array[][] = [];
  let [bytes, last]: [number, Uint8Array[]] = [0, []];
  for (const frame of frames) {
    if (!fits(frame)) continue;
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
      const token = `bench ${nextNumber()}`;
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
  return { ...sent, read: frames.filter(fits).length };
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
  const token = `bench ${nextNumber()}`;
  let isWhole = false;
  const heard = new Promise<void>((resolve, reject) => {
    socket.on('message', (data, isBinary) => {
      try {
        if (!isBinary || takeOsc(data as Buffer, sent) !== token) return;
        isWhole = true;
        resolve();
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
  // Refused while a connection has 128 requests open, as a flood of admin commands may until they are in the log.
  const again = (): void => socket.send(oscBytes('/foley/ping', token));
  again();
  const timer = setInterval(again, 500);
  await within(Promise.race([heard, closed]), 'a pong after OSC over WebSocket').finally(() => clearInterval(timer));
  socket.terminate();
  await closed;
  // A text that is no UTF-8 ends it, and what follows is never read.
  return { ...sent, read: isWhole ? frames.length : Math.min(frames.length, sent.done + sent.refused) };
};
