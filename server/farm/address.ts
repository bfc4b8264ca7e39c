import { readFile } from 'node:fs/promises';
import type { NodeConnectionOptions } from '@nats-io/transport-node';

/** Where the broker is, and who one is there. */
export interface BrokerAddress {
  /** nats://HOST:PORT or tls://HOST:PORT, several separated by commas. A user and password, or a token, may be in it. */
  url: string;
  /** A file of credentials, as NATS issues them. */
  credentials?: string | undefined;
  /** Files in PEM: who vouches for the broker, and what this side shows it. */
  ca?: string | undefined;
  certificate?: string | undefined;
  key?: string | undefined;
}

const SCHEMES = ['nats:', 'tls:'];

/** Why a URL names no broker; null where it does. */
export function addressProblem(url: string): string | null {
  for (const one of url.split(',')) {
    if (!URL.canParse(one)) return `expected nats://HOST:PORT or tls://HOST:PORT, got ${JSON.stringify(shown(one))}`;
    const { protocol, hostname } = new URL(one);
    if (!SCHEMES.includes(protocol) || hostname === '')
      return `expected nats://HOST:PORT or tls://HOST:PORT, got ${JSON.stringify(shown(one))}`;
  }
  return null;
}

/** The URL as it may be logged: without what is secret in it. */
export function shown(url: string): string {
  return url.replace(/\/\/[^@/,]*@/g, '//');
}

/** What the client is opened with. Throws where a file cannot be read. */
export async function connectionOptions(address: BrokerAddress): Promise<NodeConnectionOptions> {
  const urls = address.url.split(',').map((one) => new URL(one));
  const [first] = urls;
  const user = decodeURIComponent(first!.username);
  const pass = decodeURIComponent(first!.password);
  const { credsAuthenticator } = await import('@nats-io/transport-node');
  const isSecure = urls.some(({ protocol }) => protocol === 'tls:') || address.ca !== undefined;
  const { credentials, ca, certificate, key } = address;
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`),
    ...(user !== '' && pass !== '' ? { user, pass } : user !== '' ? { token: user } : {}),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credentials)) }),
    tls: isSecure
      ? {
          ...(ca === undefined ? {} : { caFile: ca }),
          ...(certificate === undefined ? {} : { certFile: certificate }),
          ...(key === undefined ? {} : { keyFile: key }),
        }
      : null,
  };
}
