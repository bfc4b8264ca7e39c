/** What is thrown at a server, over what and by whom. */
import { encode } from '@msgpack/msgpack';
import { type OscArgInput, toBuffer } from 'osc-min';
import { type CommandName, commandOf, jsonCodec, mixText, msgpackCodec } from '../../../protocol/index.ts';
import { voiceDir } from '../../engine/fixtures.ts';
import { packVoiceFolder } from '../../voices/hub/folder.ts';
import type { Carrier } from './carrier.ts';
import { overMidi } from './carrier-midi.ts';
import { overPipelinedHttp } from './carrier-pipelined.ts';
import { overWs } from './carrier-websocket.ts';
import { overHttp, overPut } from './carriers-http.ts';
import { overOscWs, overUdp } from './carriers-osc.ts';
import type { Grammar } from './grammar.ts';
import { ADMIN, type Role } from './server.ts';

export interface Made {
  bytes: Uint8Array;
  /** The command that it is, where it is one. */
  cmd?: CommandName;
}

export interface Target {
  name: string;
  role: Role;
  carry: Carrier;
  /** Frames of one client at most: of one that works, and of one that floods; 0 where none does. */
  most: number;
  flood: number;
  /** A frame that is right, or nearly; `id` is its own. */
  make: (grammar: Grammar, role: Role, id: string) => Made;
  /** The part of them that is changed. */
  wrong: number;
  /** Requests have ids that come back. */
  hasIds: boolean;
  /** Its part of the time. */
  share: number;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

export const json: Target['make'] = (grammar, role, id) => {
  const cmd = grammar.command(role);
  return { bytes: utf8(JSON.stringify({ id, cmd, args: grammar.args(cmd) })), cmd };
};

export const msgpack: Target['make'] = (grammar, role, id) => {
  const cmd = grammar.command(role);
  return { bytes: encode({ id, cmd, args: grammar.args(cmd) }, { ignoreUndefined: true }), cmd };
};

function oscArg(value: unknown, grammar: Grammar): OscArgInput {
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && Number.isInteger(value) && value === (value | 0)) return { type: 'integer', value };
  if (typeof value === 'number') return grammar.below(2) === 0 ? { type: 'float', value } : { type: 'double', value };
  if (value instanceof Uint8Array) return { type: 'blob', value: new DataView(value.slice().buffer) };
  const text = typeof value === 'string' ? value : wordOf(value);
  return { type: 'string', value: text.replaceAll('\0', '').slice(0, 2000) };
}

/** A mix as patches write it; anything else as JSON. */
function wordOf(value: unknown): string {
  const isMix = typeof value === 'object' && value !== null && Object.values(value).every((n) => typeof n === 'number');
  if (isMix) return mixText(value);
  return JSON.stringify(value) ?? '';
}

function oscMessage(grammar: Grammar, role: Role, id: string): Uint8Array {
  // An address of a map of one's own, too.
  if (grammar.below(12) === 0) return bytesOf(toBuffer({ address: '/pad', args: [{ type: 'float', value: 0.5 }] }));
  const name = grammar.command(role, (one) => commandOf(one).osc !== null);
  const { address, id: form, args: order, pairs, fixed } = commandOf(name).osc!;
  const isFixed = (field: string): boolean => Object.hasOwn(fixed, field) && grammar.below(20) > 0;
  const given = Object.fromEntries(Object.entries(grammar.args(name)).filter(([field]) => !isFixed(field)));
  const ordered = order.filter((field, i) => field in given || order.slice(i).some((later) => later in given));
  const more = pairs ? Object.entries(given).filter(([field]) => !ordered.includes(field)) : [];
  const args = [
    ...(form === 'own' ? [id] : []),
    ...ordered.map((field) => oscArg(given[field] ?? 0, grammar)),
    ...more.flatMap(([field, value]) => [field, oscArg(value, grammar)]),
  ];
  return bytesOf(toBuffer({ address, args }));
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

export const osc: Target['make'] = (grammar, role, id) => ({ bytes: oscPacket(grammar, role, id) });

function oscPacket(grammar: Grammar, role: Role, id: string): Uint8Array {
  if (grammar.below(5) > 0) return oscMessage(grammar, role, id);
  const elements = Array.from({ length: 1 + grammar.below(4) }, (_, i) => oscMessage(grammar, role, `${id}${i}`));
  // At once, a little ahead, far ahead, long ago.
  const at = grammar.pick<readonly [number, number]>([
    [0, 1],
    [Math.floor(Date.now() / 1000) + 2_208_988_800, grammar.below(2 ** 31)],
    [2 ** 32 - 1, 0],
    [1000, 0],
  ]);
  const head = new Uint8Array(16);
  head.set(utf8('#bundle\0'));
  new DataView(head.buffer).setUint32(8, at[0]);
  new DataView(head.buffer).setUint32(12, at[1]);
  const parts = elements.flatMap((element) => {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, element.length);
    return [size, element];
  });
  return new Uint8Array(Buffer.concat([head, ...parts]));
}

const oscWs: Target['make'] = (grammar, role, id) => {
  if (grammar.below(4) > 0) return osc(grammar, role, id);
  const COMMAND = grammar.pick(['LISTEN', 'IGNORE', 'PATH_CHANGED', '']);
  const DATA = grammar.pick(['/foley/state/voice', '/foley/state/jobs', '/pad', 7]);
  return { bytes: utf8(JSON.stringify({ COMMAND, DATA })) };
};

const HOST = 'Host: 127.0.0.1\r\n';
const PATHS = [
  '/',
  '/foley',
  '/foley/generate',
  '/pad',
  '/health',
  '/console',
  '/console/x.js',
  '/clips/0123456789abcdef.wav',
];

/** Whatever HTTP has: commands, files, clips, OSCQuery, upgrades. */
export const http =
  (connection: 'close' | 'keep-alive'): Target['make'] =>
  (grammar, role, id) => ({ bytes: latin1(httpRequest(connection, grammar, role, id)) });

function httpRequest(connection: 'close' | 'keep-alive', grammar: Grammar, role: Role, id: string): string {
  const HEAD = `${HOST}Connection: ${connection}\r\n`;
  const token = role === 'admin' ? `Authorization: Bearer ${ADMIN}\r\n` : '';
  const cmd: CommandName = grammar.command(role);
  const args = grammar.args(cmd);
  const body = JSON.stringify(args);
  const inQuery = (value: unknown): string =>
    typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value);
  const query = new URLSearchParams(Object.entries(args).map(([name, value]) => [name, inQuery(value)]));
  // An upgrade, and a file that is refused before it is read, end what a connection can still ask.
  switch (grammar.pick(connection === 'close' ? [0, 1, 2, 3, 4, 5, 6] : [0, 1, 2, 3, 5])) {
    case 0:
    case 1:
      return `POST /v1/${cmd} HTTP/1.1\r\n${HEAD}${token}Content-Length: ${body.length}\r\n\r\n${body}`;
    case 2:
      return `POST /v1/${cmd} HTTP/1.1\r\n${HEAD}${token}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    case 3:
      return `GET /v1/${cmd}?${query} HTTP/1.1\r\n${HEAD}${token}\r\n`;
    case 4:
      return `PUT /v1/${grammar.pick(['voice.import', 'dataset.upload', cmd])}?${query} HTTP/1.1\r\n${HEAD}${token}Content-Length: 4\r\n\r\nabcd`;
    case 5: {
      const clip = grammar.known.ids.get('clip')?.[0] ?? id;
      const place = grammar.pick([...PATHS, `/clips/${clip}.wav`]);
      const ask = grammar.pick(['', '?HOST_INFO', '?VALUE', '?TYPE', '?%00', '?HTML']);
      return `${grammar.pick(['GET', 'HEAD'])} ${place}${ask} HTTP/1.1\r\n${HEAD}${token}Range: bytes=${grammar.below(9)}-\r\n\r\n`;
    }
    default: {
      const said = JSON.stringify({ id, cmd: 'server.ping' });
      const frame = String.fromCharCode(0x81, 0x80 | Math.min(125, said.length), 0, 0, 0, 0) + said;
      return (
        `GET ${grammar.pick(['/ws', '/'])} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${token}\r\n${frame}\x88\x80\0\0\0\0`
      );
    }
  }
}

const midi: Target['make'] = (grammar) => {
  const status = grammar.pick([0x90, 0x80, 0xb0, 0xc0, 0xe0, 0xd0, 0xa0, 0xf0, 0xf2, 0xf8, 0xfa, 0xfc, 0xff]);
  const channel = status < 0xf0 ? grammar.below(16) : 0;
  return { bytes: Uint8Array.of(status + channel, grammar.below(256), grammar.below(256)) };
};

/** All of them; `voice` is a voice as one file. */
export function allTargets(voice: Uint8Array): Target[] {
  const ws = { most: 120, flood: 2000, wrong: 0.5, hasIds: true };
  const bare = { most: 128, flood: 2000, wrong: 0.5, hasIds: false };
  const single = { ...bare, most: 16, flood: 0 };
  // A broken one ends the connection, and often only after some silence.
  const piped = { most: 128, flood: 2000, wrong: 0.005, hasIds: false, share: 1 };
  return [
    { name: 'ws json', role: 'play', carry: overWs(jsonCodec), make: json, share: 3, ...ws },
    { name: 'ws json, admin', role: 'admin', carry: overWs(jsonCodec), make: json, share: 3, ...ws },
    { name: 'ws msgpack', role: 'play', carry: overWs(msgpackCodec), make: msgpack, share: 2, ...ws },
    { name: 'ws msgpack, admin', role: 'admin', carry: overWs(msgpackCodec), make: msgpack, share: 2, ...ws },
    { name: 'osc udp', role: 'play', carry: overUdp, make: osc, share: 2, ...bare },
    { name: 'osc ws', role: 'play', carry: overOscWs, make: oscWs, share: 1, ...bare },
    { name: 'osc ws, admin', role: 'admin', carry: overOscWs, make: oscWs, share: 1, ...bare },
    { name: 'http', role: 'play', carry: overHttp, make: http('close'), share: 1, ...single },
    { name: 'http, admin', role: 'admin', carry: overHttp, make: http('close'), share: 1, ...single },
    { name: 'http pipelined', role: 'play', carry: overPipelinedHttp, make: http('keep-alive'), ...piped },
    { name: 'http pipelined, admin', role: 'admin', carry: overPipelinedHttp, make: http('keep-alive'), ...piped },
    {
      name: 'voice files',
      role: 'admin',
      carry: overPut,
      make: () => ({ bytes: voice }),
      share: 1,
      ...single,
      most: 4,
    },
    { name: 'midi', role: 'play', carry: overMidi, make: midi, share: 1, ...bare, most: 200 },
  ];
}

/** A voice as one file: whole, also where the server's own are only for the scripted engine. */
export async function fixtureVoice(): Promise<Uint8Array> {
  const { bytes, read } = await packVoiceFolder(voiceDir('tiny'), 'tiny');
  const pieces: Uint8Array[] = [];
  for await (const piece of read(0, bytes)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}
