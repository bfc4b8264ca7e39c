import { type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request as secureRequest } from 'node:https';
import { json } from 'node:stream/consumers';
import { connect } from 'node:tls';

/** A server and what this client shows it. */
export interface Peer {
  /** As http://127.0.0.1:9247. */
  origin: string;
  token?: string | undefined;
  /**
   * SHA-256 of the one certificate it may have, in hex by colons. Without, an https server needs one that this machine
   * trusts (NODE_EXTRA_CA_CERTS names more of those).
   */
  certificate?: string | null | undefined;
}

/** Answer of GET /health, as far as we look. */
export interface Health {
  version: string;
}

/** Long enough for a busy machine, short enough that nobody wonders: on loopback a closed port answers at once. */
const PATIENCE_MS = 1500;

/** How to reach a server of a known certificate; undefined where the usual way does. */
export function agentFor({ certificate }: Peer): Agent | undefined {
  return certificate == null ? undefined : new PinnedAgent(certificate);
}

export function authorization({ token }: Peer): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Sends one request, its body if it has one already begun by `send`, and resolves with the head of the answer. */
export function ask(
  peer: Peer,
  place: string,
  options: Pick<RequestOptions, 'method' | 'headers' | 'signal'> = {},
  send: (to: NodeJS.WritableStream) => void = (to) => void to.end(),
): Promise<IncomingMessage> {
  const url = new URL(place, peer.origin);
  const request = url.protocol === 'https:' ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const agent = agentFor(peer);
    const headers = { ...authorization(peer), ...options.headers };
    const outgoing = request(url, { ...options, headers, ...(agent === undefined ? {} : { agent }) }, resolve);
    outgoing.once('error', reject);
    send(outgoing);
  });
}

/** Whether a foleyd answers; null when nothing or something else does. Shows no token. */
export async function health({ origin, certificate }: Peer): Promise<Health | null> {
  try {
    const answer = await ask({ origin, certificate }, '/health', { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { name, version } = (await json(answer)) as Record<string, unknown>;
    return name === 'foleyd' && typeof version === 'string' ? { version } : null;
  } catch {
    return null;
  }
}

/** Connections that carry nothing before the other side has shown the certificate that is expected. */
class PinnedAgent extends Agent {
  readonly #certificate: string;

  constructor(certificate: string) {
    super({ keepAlive: false });
    this.#certificate = certificate;
  }

  override createConnection(
    options: Parameters<Agent['createConnection']>[0],
    callback?: Parameters<Agent['createConnection']>[1],
  ): ReturnType<Agent['createConnection']> {
    const { host, port } = options as { host?: string; port?: number | string };
    // Whoever vouches for it is of no interest: it is this one certificate or none.
    const socket = connect({ host: host ?? '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    socket.once('error', (error) => callback?.(error, socket));
    socket.once('secureConnect', () => {
      if (socket.getPeerCertificate().fingerprint256 === this.#certificate) callback?.(null, socket);
      else
        socket.destroy(
          new Error(
            "the server's certificate differs from the one in its data folder: another program answers at its port, or --data names another server's folder",
          ),
        );
    });
    return undefined;
  }
}
