import { access, constants, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Answer, type ArgsInput, type CommandName, isTerminal, type Role } from '../../protocol/index.ts';
import { type Config, type ConfigInput, resolveConfig } from '../config.ts';
import { readLocalServer } from '../network/access/local-secret.ts';
import { CliError } from './errors.ts';
import { ask, health, type Peer } from './peer.ts';
import type { Done, OnEvent, Session } from './session.ts';

export interface SessionChoice {
  /** As ws://127.0.0.1:9247/ws: ask this server and no other. */
  url?: string | undefined;
  token?: string | undefined;
  /** Run an engine in this process even where a server answers. */
  local?: boolean | undefined;
  /** Settings of the engine in this process. */
  config?: ConfigInput | undefined;
  /** `server`: without a running server there is nothing to do. */
  purpose?: 'server' | undefined;
  /** `play`: without the server's secret, which gives the admin role; `admin` when left out. */
  role?: Role | undefined;
  /** The command writes the clips that it makes itself: without a data folder that takes them it can do so as well. */
  makesFiles?: boolean | undefined;
}

/**
 * Connects to the server that was named, else the one on this data folder, else one on the default port, else runs an
 * engine in this process. On the server of this data folder, whose secret only this user can read, it has the admin role.
 */
export async function openSession(choice: SessionChoice = {}): Promise<Session> {
  const config = resolveConfig({ ...choice.config, listen: false, host: '127.0.0.1', oscHost: '127.0.0.1' });
  if (choice.local !== true) {
    const own = await readLocalServer(config.data);
    // Whoever names a data folder means the server that works on it.
    const usual = choice.config?.data === undefined ? [`ws://127.0.0.1:${config.port}/ws`] : [];
    const places = choice.url === undefined ? [own?.ws, ...usual] : [withPath(choice.url)];
    for (const url of places) {
      if (url === undefined) continue;
      const origin = httpBase(url).origin;
      // The secret goes to the address that its server has, and to no other that may have been named.
      const mine = own !== null && origin === new URL(own.http).origin ? own : null;
      const token = choice.token ?? (choice.role === 'play' ? undefined : mine?.secret) ?? config.token;
      const peer: Peer = { origin, token, certificate: mine?.certificate };
      if (await health(peer)) return remoteSession(url, peer);
    }
    if (choice.url !== undefined)
      throw new CliError('no_server', `no foleyd server answers at ${choice.url}; start one there with: foleyd serve`);
  }
  if (choice.purpose === 'server')
    throw new CliError('no_server', 'no foleyd server is running; start one with: foleyd serve');
  return localSession(config, choice.role ?? 'admin', choice.makesFiles === true);
}

async function localSession(config: Config, role: Role, makesFiles: boolean): Promise<Session> {
  // Events carry every error to us; a log between the rows of a grid would only be in the way.
  const quiet: Config = { ...config, logLevel: process.env.FOLEYD_LOG_LEVEL ? config.logLevel : 'silent' };
  const { createApp } = await import('../app.ts');
  const spare = makesFiles && !(await canWrite(config.data)) ? await mkdtemp(path.join(tmpdir(), 'foleyd-')) : null;
  if (spare !== null)
    process.stderr.write(`foleyd: the data folder ${config.data} cannot be written: the clips are not saved there\n`);
  const app = await createApp(
    { ...quiet, limits: { ...quiet.limits, drainMs: 0 } },
    { onDemand: true, ...(spare === null ? {} : { clipFolder: spare }) },
  );
  // Whoever may start an engine here may do everything with it, unless less was asked for.
  const client = app.connect(role);
  return {
    where: 'this process',
    call: async <N extends CommandName>(cmd: N, args: ArgsInput<N>, onEvent?: OnEvent, signal?: AbortSignal) => {
      const told = (answer: Answer): void => {
        if (!isTerminal(answer.event)) onEvent?.(answer.event, answer.data);
      };
      const data = await client.call(cmd, { ...args }, told, signal);
      return data as Done<N>;
    },
    clip: async ({ path, clip }) => {
      if (path === undefined) throw new CliError('io_error', `the server did not save clip ${clip}; its log says why`);
      return new Uint8Array(await readFile(path));
    },
    close: async () => {
      client.close();
      await app.close();
      if (spare !== null) await rm(spare, { recursive: true, force: true });
    },
  };
}

/** Whether a folder, or the nearest one above it that exists, can be written to. */
async function canWrite(folder: string): Promise<boolean> {
  for (let dir = folder; ; dir = path.dirname(dir)) {
    const code = await access(dir, constants.W_OK).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code === null || code === undefined) return true;
    if (code !== 'ENOENT' || dir === path.dirname(dir)) return !['EACCES', 'EPERM', 'EROFS'].includes(code);
  }
}

async function remoteSession(url: string, peer: Peer): Promise<Session> {
  const { connectRemote } = await import('./remote.ts');
  const client = await connectRemote(url, peer);
  return {
    where: url,
    call: client.call,
    clip: async ({ url: place, clip }) => {
      const answer = await ask(peer, place ?? `/clips/${clip}.wav`);
      const bytes = await buffer(answer);
      if (answer.statusCode === 200) return new Uint8Array(bytes);
      throw new CliError('unknown_clip', `${peer.origin} does not serve clip ${clip} (HTTP ${answer.statusCode})`);
    },
    close: client.close,
  };
}

/** `ws://host:port` means the commands there, which are at /ws. */
function withPath(url: string): string {
  if (!/^wss?:/i.test(url) || !URL.canParse(url)) return url;
  const place = new URL(url);
  if (place.pathname === '/' || place.pathname === '/ws/') place.pathname = '/ws';
  return place.href;
}

/** The HTTP side of a WebSocket address. Throws usage. */
function httpBase(url: string): URL {
  let base: URL;
  try {
    base = new URL(url);
  } catch {
    throw new CliError('usage', `--url ${url}: not an address; expected one like ws://127.0.0.1:9247/ws`);
  }
  if (base.protocol !== 'ws:' && base.protocol !== 'wss:') {
    throw new CliError(
      'usage',
      `--url ${url} begins with ${base.protocol} but expected ws: or wss:, as in ws://127.0.0.1:9247/ws`,
    );
  }
  base.protocol = base.protocol === 'wss:' ? 'https:' : 'http:';
  return base;
}
