import type { IncomingMessage, ServerResponse } from 'node:http';
import { access, attributes, extensions, ProtocolError, type Role } from '../../../protocol/index.ts';
import type { OscSpace } from './osc-address-space.ts';

/** HOST_INFO of OSCQuery. */
export interface OscHost {
  name: string;
  /** Where OSC over UDP listens; null while it does not. */
  osc: { host: string; port: number } | null;
}

export interface OscQuery {
  space: OscSpace;
  host: () => OscHost;
}

/** `?HOST_INFO` of any path. */
export function isHostInfo(url: URL): boolean {
  return url.searchParams.has('HOST_INFO');
}

export function sendHostInfo(request: IncomingMessage, response: ServerResponse, { host }: OscQuery): void {
  const { name, osc } = host();
  const isEverywhere = osc !== null && /^(0\.0\.0\.0|::)$/.test(osc.host);
  sendJson(request, response, {
    NAME: name,
    EXTENSIONS: extensions,
    OSC_TRANSPORT: 'UDP',
    ...(osc === null ? {} : { OSC_PORT: osc.port }),
    ...(osc === null || isEverywhere ? {} : { OSC_IP: osc.host === 'localhost' ? '127.0.0.1' : osc.host }),
    WS_PORT: request.socket.localPort,
  });
}

/**
 * `GET /<OSC address>`: the node, or with `?<ATTRIBUTE>` one attribute of it. The proposal says both 204 and 400 of
 * attributes that a server does not support; here 204 is for those it names, and for VALUE where none can be read, and
 * 400 for words that it does not know. Says whether there is such a node. Throws bad_args and malformed.
 */
export function sendNode(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  role: Role,
  { space }: OscQuery,
): boolean {
  const path = decode(url.pathname);
  const [attribute, more] = [...url.searchParams.keys()].filter((key) => key !== 'token');
  if (more !== undefined) throw new ProtocolError('bad_args', 'only one attribute can be requested at a time');
  if (attribute !== undefined && !attributes.has(attribute))
    throw new ProtocolError(
      'bad_args',
      `${attribute.slice(0, 40)}: unknown attribute; expected ${[...attributes.keys()].join(', ')}`,
    );
  const node = space.find(path, role);
  if (node === null) return false;
  if (attribute === undefined) {
    sendJson(request, response, node);
    return true;
  }
  const isReadable = (node.ACCESS & access.read) !== 0;
  if (attributes.get(attribute) === false || (attribute === 'VALUE' && !isReadable)) {
    response.writeHead(204).end();
    return true;
  }
  const value = node[attribute as keyof typeof node];
  sendJson(request, response, value === undefined ? {} : { [attribute]: value });
  return true;
}

function sendJson(request: IncomingMessage, response: ServerResponse, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch (cause) {
    throw new ProtocolError('malformed', 'the path is not URL-encoded UTF-8', { cause });
  }
}
