import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fromBuffer, type OscArgInput, toBuffer } from 'osc-min';
import WebSocket from 'ws';
import { commandOf, isCommandName } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { Inbox, type TestClient, wakeAll } from './client.ts';

export interface OscHeard {
  address: string;
  args: unknown[];
}

export interface OscTestClient extends TestClient {
  readonly port: number;
  send(address: string, ...args: OscArgInput[]): void;
  raw(datagram: Uint8Array): void;
  /** Every message so far. */
  readonly heard: OscHeard[];
  /** Resolves with the first message, from now or before, of which this holds. */
  message(is: (message: OscHeard) => boolean): Promise<OscHeard>;
}

/** How packets travel. */
interface Carrier {
  readonly port: number;
  send(packet: Uint8Array): void;
  hear(listener: (packet: Buffer) => void): void;
  close(): Promise<void>;
}

async function overUdp(app: App): Promise<Carrier> {
  // A test that fails before it closes its client must not keep the process.
  const socket = createSocket('udp4').unref();
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    send: (packet) => socket.send(packet, app.ports.osc ?? 0, '127.0.0.1'),
    hear: (listener) => void socket.on('message', listener),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function overWebSocket(app: App): Promise<Carrier> {
  const socket = new WebSocket(`ws://127.0.0.1:${app.ports.http}/`, { perMessageDeflate: false });
  await once(socket, 'open');
  return {
    port: 0,
    send: (packet) => socket.send(packet),
    hear: (listener) => void socket.on('message', (data) => listener(data as Buffer)),
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.terminate();
      await closed;
    },
  };
}

/** A client written against the documented messages with osc-min alone, so that it shares no code with the server. */
export async function connectOsc(app: App, over: 'udp' | 'ws' = 'udp'): Promise<OscTestClient> {
  const carrier = await (over === 'udp' ? overUdp(app) : overWebSocket(app));
  const inbox = new Inbox();
  const heard: OscHeard[] = [];
  const wake = new Set<() => void>();
  /** Id-less commands answer in order, under their own address. */
  const nameless = new Map<string, string[]>();
  /** So do commands that name a map: under its id. */
  const mapped = new Map<string, string[]>();
  carrier.hear((bytes) => {
    const packet = fromBuffer(bytes);
    if (packet.oscType !== 'message') throw new Error('unexpected bundle from the server');
    const message = { address: packet.address, args: packet.args.map((arg) => ('value' in arg ? arg.value : null)) };
    heard.push(message);
    wakeAll(wake);
    translate(message);
  });

  function translate({ address, args }: OscHeard): void {
    const [first, second, third, ...more] = args;
    const id = String(first);
    const end = (event: string, data: Record<string, unknown>, of = id): void => inbox.take({ id: of, event, data });
    const waiting = (name: string): string => nameless.get(name)?.shift() ?? '';
    const ofMap = (): string => mapped.get(id)?.shift() ?? id;
    if (address === '/foley/accepted') end('accepted', { job: second, seed: Number(third) });
    else if (address === '/foley/understood') end('understood', { name: second, class: third });
    else if (address === '/foley/row') end('row', { row: second, rows: third });
    else if (address === '/foley/clip')
      listed(id, { index: second, path: third, seed: Number(more[0]), clip: more[1] });
    else if (address === '/foley/done')
      end('done', { path: second, seconds: third, clip: more[0], ...(lists.has(id) ? { clips: lists.get(id) } : {}) });
    else if (address === '/foley/clip/info') {
      const clip = { clip: second, name: third, starred: more[0] === 1 };
      if (asks.get(id) === 'clip.list') listed(id, clip);
      else end('done', { clip });
    } else if (address === '/foley/clips/done')
      end('done', { clips: lists.get(id) ?? [], total: second, next: third === '' ? null : third });
    else if (address === '/foley/watching')
      end('accepted', { jobs: second === 1, hits: third === 1, pools: more[0] === 1 });
    else if (address === '/foley/watch/job') end('job', watchedJob(String(second), String(third), more as number[]));
    else if (address === '/foley/watch/hit') {
      const [seed, late, remaining] = more;
      end('hit', { map: second, from: third, seed: Number(seed), late, remaining });
    } else if (address === '/foley/watch/pool')
      end('pool', { map: second, ready: third, want: more[0], coming: more[1] });
    else if (address === '/foley/watch/done') end('done', {});
    else if (address === '/foley/clip/deleted') end('done', { deleted: second });
    else if (address === '/foley/clip/exported') end('done', { path: second, seconds: third });
    else if (address === '/foley/failed')
      end('failed', { code: second, message: third }, nameless.get(id)?.shift() ?? ofMap());
    else if (address === '/foley/cancelled') end('done', { cancelled: second }, `cancel ${id}`);
    else if (address === '/foley/mapped') end('done', { map: { id } }, ofMap());
    else if (address === '/foley/unmapped') end('done', { id }, ofMap());
    else if (address === '/foley/played') {
      const [late, remaining] = more;
      end('done', { hits: [{ map: id, from: second, seed: Number(third), late, remaining }] }, ofMap());
    } else if (address === '/foley/pong') end('done', { payload: first }, waiting('/foley/ping'));
    else if (address === '/foley/info') {
      end(
        'done',
        { version: first, uptime: second, engine: { state: third, provider: more[0] } },
        waiting('/foley/info'),
      );
    } else if (address === '/foley/voice')
      voices.push({ id: first, name: second, active: third, classes: more.map((name) => ({ name })) });
  }
  const voices: Record<string, unknown>[] = [];
  /** What was asked by each id, and what of it came one by one. */
  const asks = new Map<string, string>();
  const lists = new Map<string, Record<string, unknown>[]>();
  const listed = (id: string, item: Record<string, unknown>): void =>
    void lists.set(id, [...(lists.get(id) ?? []), item]);
  const raw = (packet: Uint8Array): void => carrier.send(packet);
  const send = (address: string, ...args: OscArgInput[]): void => {
    const view = toBuffer({ address, args });
    raw(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  };
  const message: OscTestClient['message'] = async (is) => {
    for (;;) {
      const found = heard.find(is);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => wake.add(resolve));
    }
  };
  const ask: OscTestClient['ask'] = (cmd, args = {}, id = inbox.newId()) => {
    const form = isCommandName(cmd) ? commandOf(cmd).osc : null;
    const address = form?.address ?? `/foley/${cmd.split('.')[1]}`;
    if (form !== null && form.id !== 'own') {
      const target = form.id === 'target' ? String(args[form.args[0] ?? '']) : '';
      const of = address === '/foley/cancel' ? `cancel ${target}` : id;
      const asked = inbox.expect(of);
      if (cmd.startsWith('trigger.') && target !== '') mapped.set(target, [...(mapped.get(target) ?? []), of]);
      if (form.id === 'none') nameless.set(address, [...(nameless.get(address) ?? []), of]);
      const ordered = form.args.filter((name) => name in args);
      const pairs = Object.entries(args).filter(([name]) => !ordered.includes(name));
      send(
        address,
        ...ordered.map((name) => word(args[name])),
        ...pairs.flatMap(([name, value]) => [name, word(value)]),
      );
      // No message ends the list, but its messages leave together: what is answered after the first comes after all.
      if (address === '/foley/voices') {
        const first = message(({ address: heardAt }) => heardAt === '/foley/voice');
        const last = first.then(() => ask('server.ping', { payload: 'end of list' }).end);
        void last.then(() => inbox.take({ id: of, event: 'done', data: { voices } }));
      }
      return asked;
    }
    const asked = inbox.expect(id);
    if (form === null) nameless.set(address, [id]);
    asks.set(id, cmd);
    // The first argument has its place; whatever else there is comes as pairs.
    const { [form?.args[0] ?? 'class']: placed, ...more } = args;
    // Sound goes to a file over OSC whether one asks or not, and audio and previews cannot be chosen.
    const pairs = Object.entries(more).filter(([key]) => !['save', 'audio'].includes(key));
    send(
      address,
      id,
      ...(placed === undefined ? [] : [word(placed)]),
      ...pairs.flatMap(([key, value]) => (form?.pairs === false ? [word(value)] : [key, word(value)])),
    );
    return asked;
  };
  let open = true;
  return {
    inbox,
    heard,
    send,
    raw,
    ask,
    message,
    port: carrier.port,
    close() {
      if (!open) return Promise.resolve();
      open = false;
      return carrier.close();
    },
  };
}

/** What else is said of a job depends on its state. */
function watchedJob(job: string, state: string, [first, row, rows]: number[]): Record<string, unknown> {
  if (state === 'queued') return { job, state, clips: first };
  return state === 'row' ? { job, state, index: first, row, rows } : { job, state };
}

/** As a patch would write a value: int32 where it fits, float32, or text. */
function word(value: unknown): OscArgInput {
  if (typeof value === 'number' && value === (value | 0)) return { type: 'integer', value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { type: 'string', value: String(value) } : { type: 'float', value };
  if (typeof value === 'object' && value !== null && 'osc' in value)
    return { type: 'string', value: String(value.osc) };
  if (typeof value === 'object' && value !== null) {
    const mix = Object.entries(value).map(([name, weight]) => `${name}:${String(weight)}`);
    return { type: 'string', value: mix.join('+') };
  }
  return { type: 'string', value: String(value) };
}
