/** A whole server in this process, for what has no smaller reader: bytes of connections, files of its data folder, packets of mDNS. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type App, createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { canHoldItsRecords } from '../../network/discovery/packets.ts';
import { answersTo, isConflict, recordsOf } from '../../network/discovery/records.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { connectInProcess } from '../support/memory-client.ts';
import { memoryLog } from '../support/server.ts';
import { writeVoice } from '../support/voice.ts';
import { exchange, exchanges } from './connection-frames.ts';
import { assertSaid, type Parser } from './parser.ts';

interface Opened {
  app: App;
  /** Throws the first fault that was logged. */
  check(): void;
  close(): Promise<void>;
}

async function open(data: string, models: string, listen: boolean): Promise<Opened> {
  const { log, lines } = memoryLog();
  const given = {
    port: 0,
    oscPort: 0,
    data,
    models,
    output: 'none',
    midi: 'none',
    listen,
    deliver: `${data}/out`,
  } as const;
  const config = resolveConfig({ ...given, limits: { drainMs: 0, clips: 64 } }, {});
  const engine = new ScriptedEngine({ samples: 64 });
  const app = await createApp(config, { engine, log });
  await app.ready;
  return {
    app,
    check() {
      // A damaged list may name a voice that is not there: then it is right to say so.
      const fault = lines().find(
        ({ level, msg }) => Number(level) >= 50 && !/^the voice cannot be used/.test(String(msg)),
      );
      if (fault !== undefined) throw new Error(JSON.stringify(fault));
      lines().splice(0);
    },
    async close() {
      engine.release();
      await app.close();
    },
  };
}

/** Bytes of connections to a server that goes on. */
export async function connections(): Promise<Parser> {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-connections-'));
  await writeVoice(path.join(root, 'models'), 'default');
  const server = await open(path.join(root, 'data'), path.join(root, 'models'), true);
  const url = server.app.urls.http ?? '';
  return {
    name: 'connections',
    frames: exchanges,
    async take(frame) {
      const said = await exchange(url, frame, 0);
      server.check();
      if (/^HTTP\/1\.1 500 |"internal"/.test(said)) throw new Error(said.slice(0, 500));
      return /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 'none';
    },
    async close() {
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Commands that a server needs its files for. */
const LOOKS = [
  ...[
    'job.list',
    'clip.list',
    'trigger.list',
    'admin.jobs',
    'dataset.list',
    'voice.list',
    'voice.votes',
    'voice.scores',
  ],
  ...['trash.list', 'deliver.info', 'server.info'],
] as const;

/** A folder with one of all that a server keeps. */
async function fill(data: string, models: string): Promise<void> {
  const server = await open(data, models, false);
  const client = connectInProcess(server.app, 'admin');
  const ask = async (cmd: string, args = {}) => (await client.ask(cmd, args).end).data;
  const { clip } = await ask('foley.generate', { class: 0, seed: 1, save: true, audio: false });
  await ask('foley.generate', { class: 0, seed: 2, save: true, audio: false });
  await ask('clip.star', { clip });
  await ask('deliver.set', { on: true, starred: true });
  await ask('trigger.map', { id: 'pad', class: 0, ready: 1, source: { note: 36 } });
  await ask('admin.activate', { voice: 'other', force: true });
  const gone = await ask('foley.generate', { class: 0, seed: 3, save: true, audio: false });
  await ask('clip.delete', { clip: gone.clip });
  await client.close();
  await server.close();
}

async function filesBelow(dir: string): Promise<string[]> {
  const all = await readdir(dir, { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
}

/** Files of the data folder that were damaged while no server ran: the next one says so, and has all the others. */
export async function dataFolder(): Promise<Parser> {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-damaged-'));
  const [whole, models] = [path.join(root, 'whole'), path.join(root, 'models')];
  for (const id of ['default', 'other']) await writeVoice(models, id);
  await fill(whole, models);
  const files = (await filesBelow(whole))
    .filter((file) => !/owner|lock|machine\.json$/.test(path.basename(file)))
    .sort();
  const frames = await Promise.all(files.map(async (file) => new Uint8Array(await readFile(file))));
  let count = 0;
  return {
    name: 'data folders',
    frames,
    async take(frame, base) {
      const data = path.join(root, `data${++count}`);
      await mkdir(data);
      await cp(whole, data, { recursive: true });
      await writeFile(path.join(data, path.relative(whole, files[base]!)), frame);
      try {
        const server = await open(data, models, false);
        const client = connectInProcess(server.app, 'admin');
        const said: string[] = [];
        for (const cmd of LOOKS) {
          const { event, data: told } = await client.ask(cmd, {}).end;
          if (event === 'failed') assertSaid(told.code, told.message);
          said.push(event === 'failed' ? String(told.code) : event);
        }
        await client.close();
        server.check();
        await server.close();
        return [...new Set(said)].join(' ');
      } catch (error) {
        throw new Error(`${path.relative(whole, files[base]!)}: ${String(error)}`, { cause: error });
      } finally {
        await rm(data, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

interface DnsPacket {
  encode(packet: object): Uint8Array;
  decode(packet: Buffer): { questions?: never[]; answers?: never[]; additionals?: never[] };
}

/** Packets of mDNS, as the library that hears them hands them over. */
export function mdnsPackets(): Parser {
  const require = createRequire(createRequire(import.meta.url).resolve('multicast-dns'));
  const dns = require('dns-packet') as DnsPacket;
  const service = { type: '_osc._udp', port: 9248, txt: { txtvers: '1' } };
  const records = recordsOf([service], 'foleyd', 'studio', '192.168.1.2');
  const questions = records.map(({ name, type }) => ({ name, type }));
  const packets = [
    { type: 'query', questions },
    { type: 'query', questions: questions.slice(0, 1), answers: records.slice(0, 2) },
    { type: 'response', answers: records, additionals: records },
  ];
  return {
    name: 'mdns packets',
    frames: packets.map((packet) => new Uint8Array(dns.encode(packet))),
    take(frame) {
      if (!canHoldItsRecords(frame)) return 'refused';
      let packet: ReturnType<DnsPacket['decode']>;
      try {
        packet = dns.decode(Buffer.from(frame));
      } catch {
        // The library tells of it as of a warning.
        return 'refused';
      }
      const { questions: asked = [], answers = [], additionals = [] } = packet;
      const isTaken = [...answers, ...additionals].some((answer) => isConflict(answer, records));
      const found = answersTo(asked, records, answers);
      dns.encode({ type: 'response', ...found });
      return `${found.answers.length} answers${isTaken ? ', taken' : ''}`;
    },
  };
}
