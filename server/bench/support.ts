import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { type Answer, type Codec, isTerminal, jsonCodec } from '../../protocol/index.ts';
import type { ConfigInput } from '../config.ts';
import type { ServerReport } from './server.ts';

const models = fileURLToPath(new URL('../../models', import.meta.url));

export interface BenchServer {
  ws: string;
  pid: number;
  /** Begins to watch memory and event loop afresh. */
  watch(): Promise<void>;
  report(): Promise<ServerReport>;
  close(): Promise<void>;
}

/** Flags every bench takes: the default voice where there is one, else the fixture. */
export function benchFlags<T extends Record<string, { type: 'string'; default: string }>>(more: T) {
  const hasDefault = existsSync(path.join(models, 'default', 'card.json'));
  const options = {
    models: { type: 'string', default: hasDefault ? models : path.join(models, 'fixtures') },
    voice: { type: 'string', default: hasDefault ? 'default' : 'tiny' },
    threads: { type: 'string', default: '1' },
    ...more,
  } as const;
  return parseArgs({ options, strict: true }).values;
}

/** @param root of another checkout, whose server it is */
export async function startServer(config: ConfigInput, root?: string): Promise<BenchServer> {
  const own = new URL('../..', import.meta.url);
  const file = path.join(root ?? fileURLToPath(own), 'server', 'bench', 'server.ts');
  const child: ChildProcess = fork(file, [JSON.stringify(config)]);
  const ended = once(child, 'exit');
  const heard = async <T>(): Promise<T> => {
    const first = await Promise.race([once(child, 'message'), ended.then(() => null)]);
    if (first === null) throw new Error('the server ended');
    return first[0] as T;
  };
  const { urls } = await heard<{ urls: { ws: string } }>();
  const ask = <T>(message: string): Promise<T> => {
    const reply = heard<T>();
    child.send(message);
    return reply;
  };
  return {
    ws: urls.ws,
    pid: child.pid!,
    watch: () => ask('watch'),
    report: () => ask('report'),
    async close() {
      child.send('close');
      await ended;
    },
  };
}

export interface BenchClient {
  /** Resolves with the terminal answer. */
  ask(cmd: string, args: Record<string, unknown>, on?: (answer: Answer) => void): Promise<Answer>;
  close(): void;
}

export async function connect(url: string, codec: Codec = jsonCodec): Promise<BenchClient> {
  const socket = new WebSocket(url, codec.subprotocol, { perMessageDeflate: false });
  const open = new Map<string, { on: (answer: Answer) => void; resolve: (answer: Answer) => void }>();
  let ids = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    const answer = codec.decodeAnswer(isBinary ? data : data.toString());
    const one = open.get(answer.id ?? '');
    one?.on(answer);
    if (isTerminal(answer.event)) one?.resolve(answer);
  });
  await once(socket, 'open');
  return {
    ask: (cmd, args, on = () => undefined) =>
      new Promise((resolve) => {
        const id = String(++ids);
        open.set(id, { on, resolve });
        socket.send(codec.encodeRequest({ id, cmd, args }));
      }),
    close: () => socket.terminate(),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [
    sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? Number.NaN,
    sorted[middle] ?? Number.NaN,
  ];
  return round((low + high) / 2);
}

export const round = (value: number): number => Math.round(value * 100) / 100;

/** What a figure means nothing without. */
export function machine(): Record<string, unknown> {
  const { platform, arch, version } = process;
  return { node: version, platform, arch, cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() };
}

export function print(result: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

/** Milliseconds of processor time that a process had, all its threads; its children's are not in it. */
export function cpuOf(pid: number): number {
  // Behind the name, which may hold spaces: fields 14 and 15, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const lists = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim());
  return lists.flatMap((list) => (list === '' ? [] : list.split(' ').map(Number)));
}

/** Resident memory of a process, MiB. */
export function memoryOf(pid: number | 'self'): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

export function percentiles(raw: readonly number[]): { p50: number; p99: number; raw: number[] } {
  const sorted = [...raw].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), raw: raw.map((one) => Math.round(one * 10) / 10) };
}
