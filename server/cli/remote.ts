import { once } from 'node:events';
import WebSocket from 'ws';
import { Client } from '../../protocol/client.ts';
import { msgpackCodec } from '../../protocol/index.ts';
import { CliError } from './errors.ts';
import { agentFor, authorization, type Peer } from './peer.ts';
import type { Session } from './session.ts';

/** A client of a running server over WebSocket. Throws no_server, or unauthorized where the token is wrong. */
export async function connectRemote(url: string, peer: Peer): Promise<Pick<Session, 'call' | 'close'>> {
  const socket = new WebSocket(url, msgpackCodec.subprotocol, {
    perMessageDeflate: false,
    headers: authorization(peer),
    agent: agentFor(peer),
  });
  await opened(socket, url);
  const client = new Client(socket, msgpackCodec);
  return {
    call: (cmd, args, onEvent, signal) =>
      client.call(cmd, args, { signal, ...(onEvent === undefined ? {} : { onEvent }) }),
    close: async () => {
      client.close();
      // A server that is gone does not say goodbye.
      const hurry = setTimeout(() => socket.terminate(), 1000);
      await client.closed;
      clearTimeout(hurry);
    },
  };
}

async function opened(socket: WebSocket, url: string): Promise<void> {
  try {
    await once(socket, 'open');
  } catch (error) {
    const message = (error as Error).message;
    const refused = /Unexpected server response: (\d+)/.exec(message)?.[1];
    if (refused === '401')
      throw new CliError('unauthorized', `${url} requires a token: use --token SECRET or FOLEYD_TOKEN`, error);
    if (refused === '403')
      throw new CliError(
        'forbidden',
        `${url} refused this client; start it with --allow-host and this name, or connect from its own machine`,
        error,
      );
    throw new CliError('no_server', `${url}: ${message}`, error);
  }
}
