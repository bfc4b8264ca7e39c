import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ProtocolError } from '../../../protocol/index.ts';
import type { Grant, Tokens } from '../access/tokens.ts';
import { bareHost as bare, isLoopback } from '../loopback.ts';

/** Who may come in over HTTP and WebSocket. */
export interface Access {
  /** Address the server is bound to. */
  host: string;
  /** Further names it is called by. */
  allowHosts: readonly string[];
  /** Web pages, as origins, that may connect beside those of this machine. */
  allowOrigins: readonly string[];
  tokens: Pick<Tokens, 'grant'>;
}

/**
 * Refuses names this server does not have. A page whose name an attacker points at 127.0.0.1 (DNS rebinding) reaches
 * the port, but its browser still sends the page's own name. Throws forbidden.
 */
export function checkHost(header: string | undefined, access: Access, rawHeaders: readonly string[] = []): void {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  // Of several one is checked here and another perhaps believed by a proxy.
  if (hosts > 1) throw new ProtocolError('malformed', `the request has ${hosts} Host headers; expected one`);
  const name = hostName(header ?? '');
  if (name === null)
    throw new ProtocolError(
      'forbidden',
      'the Host header is missing or not a host; expected the host and port of this server',
    );
  const known = [access.host, ...access.allowHosts].map((host) => bare(host));
  // A bare address cannot be rebound; it is only taken where the server is open to other machines anyway.
  const isOpen = !isLoopback(access.host) && isIP(bare(name)) !== 0;
  if (isLoopback(name) || known.includes(bare(name)) || isOpen) return;
  throw new ProtocolError('forbidden', `Host ${JSON.stringify(name.slice(0, 100))} is not allowed; see --allow-host`);
}

/** Programs send no Origin; pages do. Those of this machine and those that were named may connect. Throws forbidden. */
export function checkOrigin(request: IncomingMessage, access: Access): void {
  const { origin, host } = request.headers;
  if (origin === undefined || access.allowOrigins.includes(origin)) return;
  const name = URL.canParse(origin) ? new URL(origin) : null;
  if (name !== null && /^https?:$/.test(name.protocol) && (isLoopback(name.hostname) || name.host === host)) return;
  throw new ProtocolError('forbidden', `pages of ${origin.slice(0, 100)} may not connect; see --allow-origin`);
}

/** What the token of a request gives, or its having none. Throws unauthorized. */
export function grantOf(request: IncomingMessage, url: URL, { tokens }: Access): Grant {
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? url.searchParams.get('token');
  return tokens.grant(given, isFromThisMachine(request.socket));
}

/** A connection to an address of our own comes over no network. */
function isFromThisMachine({ remoteAddress, localAddress }: IncomingMessage['socket']): boolean {
  return remoteAddress !== undefined && (isLoopback(remoteAddress) || remoteAddress === localAddress);
}

function hostName(header: string): string | null {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.exec(header);
  return match?.[1] ?? null;
}
