import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Codec, jsonCodec } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { compiled } from '../../bin/compiled.mjs';
import { SerialQueue } from '../../util/serial-queue.ts';
import { writeVoice } from '../support/voice.ts';
import { connectWs, type WsClient } from '../support/ws-client.ts';
import type { Plan } from './disk.ts';
import type { Figures, Order } from './host.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixture = (name: string): string => path.join(root, 'models', 'fixtures', name);
const HOST = 'server/test/torture/host.ts';
/** The host as JavaScript, made once: a bench starts hundreds of servers. */
const host = compiled(HOST).then((bundle) => fileURLToPath(bundle ?? new URL(`file://${path.join(root, HOST)}`)));
/** In place of Python: a trainer that only speaks as one. */
export const PYTHON = fileURLToPath(new URL('./python.mjs', import.meta.url));
export const ADMIN = 'torture-admin';
/** Milliseconds for an answer of a machine that has other things to do; a busier one asks for more. */
export const PATIENCE = Number(process.env.TORTURE_PATIENCE_MS ?? 60_000);

export type Role = 'play' | 'admin';

/** A running server, as its clients see it. */
export interface Running {
  readonly app: App;
  readonly data: string;
  readonly child: ChildProcess;
  /** Lines of its log that tell of a fault, so far. */
  readonly faults: string[];
  /** How it ended; null while it runs. */
  readonly end: { code: number | null; signal: string | null } | null;
  readonly exit: Promise<void>;
  connect(role: Role, codec?: Codec): Promise<WsClient>;
  figures(): Promise<Figures>;
  disk(plan: Plan | null): Promise<void>;
  midi(bytes: Uint8Array): void;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Voices that only the scripted engine can use, in a folder that goes with the process. */
export function scriptedModels(): Promise<string> {
  models ??= newFolder().then(async (dir) => {
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    for (const id of ['default', 'other', 'tiny', 'tiny-time']) await writeVoice(dir, id);
    return dir;
  });
  return models;
}
let models: Promise<string> | null = null;

export async function newFolder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'foleyd-torture-'));
}

export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

export interface StartOptions {
  flags?: string[];
  /** `scripted` makes clips of no worth in no time; `default` is the real one with the voice that people hear. */
  engine?: EngineName;
}

export const engineNames = ['real', 'scripted', 'default'] as const;
export type EngineName = (typeof engineNames)[number];

/** Starts a server on a data folder, with the fixture voices. Rejects where it ends before it listens. */
export async function start(data: string, { flags = [], engine = 'real' }: StartOptions = {}): Promise<Running> {
  const file = await host;
  // Another voice beside it, to change to.
  if (engine === 'default')
    await cp(fixture('tiny-stacked'), path.join(data, 'voices', 'tiny-stacked'), { recursive: true });
  const child = fork(
    file,
    [
      // A voice that is asked for would be the active one at each start.
      ...(engine === 'scripted'
        ? ['--models', await scriptedModels()]
        : engine === 'default'
          ? ['--models', path.join(root, 'models')]
          : ['--models', fixture(''), '--voice', 'tiny']),
      ...['--data', data],
      ...['--port', '0', '--osc-port', '0', '--admin-token', ADMIN, '--output', 'none', '--lanes', '1'],
      ...['--threads', '1', '--deliver', path.join(data, 'delivered'), '--python', PYTHON],
      ...flags,
    ],
    {
      cwd: root,
      env: { ...process.env, FOLEYD_TORTURE_ENGINE: engine, NODE_TEST_CONTEXT: undefined },
      execArgv: ['--expose-gc', ...(file.endsWith('.ts') ? ['--import', 'tsx'] : [])],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  const faults: string[] = [];
  let end: Running['end'] = null;
  let text = '';
  const exit = once(child, 'close').then(([code, signal]) => {
    end = { code: code as number | null, signal: signal as string | null };
  });
  const urls = await new Promise<Record<string, string>>((resolve, reject) => {
    void exit.then(() => reject(new Error(`the server ended before it listened (${JSON.stringify(end)}):\n${text}`)));
    let rest = '';
    child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-20_000);
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const said = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : null;
        if (said !== null && /is listening$/.test(String(said.msg))) resolve(said as Record<string, string>);
        // What Node writes itself, and what the server takes for its own fault.
        if (line !== '' && (said === null || Number(said.level) >= 50)) faults.push(line);
      }
    });
  });
  const osc = /:(\d+)$/.exec(urls.osc ?? '')?.[1];
  const app = {
    urls: { http: urls.http, ws: urls.ws, osc: urls.osc },
    ports: { http: Number(new URL(urls.http ?? '').port), osc: Number(osc) },
  } as unknown as App;
  const queue = new SerialQueue();
  const ask = <T>(order: Order): Promise<T> =>
    queue.run(async () => {
      if (!child.connected) throw new Error('the server has ended');
      const reply = Promise.race([
        once(child, 'message'),
        exit.then(() => Promise.reject(new Error('the server has ended'))),
      ]);
      child.send(order);
      return ((await reply) as [T])[0];
    });
  return {
    app,
    data,
    child,
    faults,
    exit,
    get end() {
      return end;
    },
    connect: (role, codec = jsonCodec) =>
      connectWs(app, codec, role === 'admin' ? { headers: { authorization: `Bearer ${ADMIN}` } } : {}),
    figures: () => ask({ is: 'figures' }),
    disk: async (plan) => void (await ask({ is: 'disk', plan })),
    midi: (bytes) => void (child.connected && child.send({ is: 'midi', bytes: [...bytes] } satisfies Order)),
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await exit;
      clearTimeout(timer);
    },
  };
}

/** Windows has no signals, and no way to run the trainer that the bench puts in place of Python. */
export const unable: string | false = process.platform === 'win32' ? 'Windows sends no signals' : false;

/** Rejects when something takes longer than it may. */
export async function within<T>(work: Promise<T>, what: string, ms = PATIENCE): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Hang(`${what}: nothing in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Something that should have come did not. */
export class Hang extends Error {
  override readonly name = 'Hang';
}
