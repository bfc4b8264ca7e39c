import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type ArgsInput, type CommandName, type EventData, type Events, isTerminal } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { type Config, type ConfigInput, resolveConfig } from '../config.ts';
import { readLocalServer } from '../network/access/local-secret.ts';
import { CliError } from './errors.ts';
import { ask, health, type Peer } from './peer.ts';
import { connectRemote } from './remote.ts';

type SavedClip = EventData<'foley.generate', 'done'>['clips'][number];

type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;
export type OnEvent = (event: string, data: Record<string, unknown>) => void;

/** A foleyd to ask, wherever it runs. */
export interface Session {
  /** Where: an address, or `this process`. */
  readonly where: string;
  /** The data of `done`; throws an error with a code for `failed`. `onEvent` hears what comes before. */
  call<N extends CommandName>(cmd: N, args: ArgsInput<N>, onEvent?: OnEvent): Promise<Done<N>>;
  /** The WAV of a clip that was saved. */
  clip(clip: SavedClip): Promise<Uint8Array>;
  /** Ends what is still open. */
  close(): Promise<void>;
}

export interface SessionChoice {
  /** As ws://127.0.0.1:9247/ws: ask this server and no other. */
  url?: string | undefined;
  token?: string | undefined;
  /** Run an engine in this process even where a server answers. */
  local?: boolean | undefined;
  /** Settings of the engine in this process. */
  config?: ConfigInput;
}

/**
 * Asks the server that was named, else the one on this data folder, else one that answers on the default port, else
 * runs an engine right here. To the server on this data folder, whose secret only this person can read, it is an admin.
 */
export async function openSession(choice: SessionChoice = {}): Promise<Session> {
  const config = resolveConfig({ ...choice.config, listen: false, host: '127.0.0.1', oscHost: '127.0.0.1' });
  if (choice.local !== true) {
    const own = await readLocalServer(config.data);
    // Whoever names a data folder means the server that works on it.
    const usual = choice.config?.data === undefined ? [`ws://127.0.0.1:${config.port}/ws`] : [];
    const places = choice.url === undefined ? [own?.ws, ...usual] : [choice.url];
    for (const url of places) {
      if (url === undefined) continue;
      const origin = httpBase(url).origin;
      // The secret goes to the address that its server has, and to no other that may have been named.
      const mine = own !== null && origin === new URL(own.http).origin ? own : null;
      const token = choice.token ?? mine?.secret ?? config.token;
      const peer: Peer = { origin, token, certificate: mine?.certificate };
      if (await health(peer)) return remoteSession(url, peer);
    }
    if (choice.url !== undefined) throw new CliError('no_server', `no foleyd answers at ${choice.url}`);
  }
  return localSession(config);
}

async function localSession(config: Config): Promise<Session> {
  // Events carry every error to us; a log between the rows of a grid would only be in the way.
  const quiet: Config = { ...config, logLevel: process.env.FOLEYD_LOG_LEVEL ? config.logLevel : 'silent' };
  const app = await createApp({ ...quiet, limits: { ...quiet.limits, drainMs: 0 } });
  // Whoever may start an engine here may do everything with it.
  const client = app.connect('admin');
  return {
    where: 'this process',
    call: async <N extends CommandName>(cmd: N, args: ArgsInput<N>, onEvent?: OnEvent) => {
      const data = await client.call(cmd, { ...args }, (answer) => {
        if (!isTerminal(answer.event)) onEvent?.(answer.event, answer.data);
      });
      return data as Done<N>;
    },
    clip: async ({ path, clip }) => {
      if (path === undefined) throw new CliError('io_error', `clip ${clip} was not saved`);
      return new Uint8Array(await readFile(path));
    },
    close: async () => {
      client.close();
      await app.close();
    },
  };
}

async function remoteSession(url: string, peer: Peer): Promise<Session> {
  const client = await connectRemote(url, peer);
  return {
    where: url,
    call: client.call,
    clip: async ({ url: place, clip }) => {
      const answer = await ask(peer, place ?? `/clips/${clip}.wav`);
      const bytes = await buffer(answer);
      if (answer.statusCode === 200) return new Uint8Array(bytes);
      throw new CliError('unknown_clip', `${peer.origin} does not give clip ${clip} (HTTP ${answer.statusCode})`);
    },
    close: client.close,
  };
}

/** The HTTP side of a WebSocket address. Throws usage. */
function httpBase(url: string): URL {
  let base: URL;
  try {
    base = new URL(url);
  } catch {
    throw new CliError('usage', `--url ${url} is no address; expected one like ws://127.0.0.1:9247/ws`);
  }
  if (base.protocol !== 'ws:' && base.protocol !== 'wss:') {
    throw new CliError('usage', `--url ${url} begins with ${base.protocol}; expected ws: or wss:`);
  }
  base.protocol = base.protocol === 'wss:' ? 'https:' : 'http:';
  return base;
}
