import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { namesTag } from './http-clips.ts';

/** The browser console: files that were built beforehand, handed out under /console/, and its page at / too. */

const compress = promisify(gzip);

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>foleyd: the console is not built</title>
<h1>The console is not built.</h1>
<p>foleyd is running, but its page is missing. In the folder of foleyd, run</p>
<pre>npm run console</pre>
<p>and reload this page. <code>npm start</code> builds it before it starts the server.</p>
<p>Everything else of this server works without the page: OSC, HTTP, WebSocket and the command <code>foleyd</code>.</p>
</html>
`;

interface Asset {
  type: string;
  plain: Buffer;
  zipped: Buffer;
  /** Of the file that was read. */
  tag: string;
}

/**
 * Whether a request is for the console: always below /console; at / if a browser requests it, without an OSCQuery
 * attribute.
 */
export function wantsConsole({ headers }: IncomingMessage, url: URL): boolean {
  if (url.pathname === '/console' || url.pathname.startsWith('/console/')) return true;
  return url.pathname === '/' && url.search === '' && /\btext\/html\b/i.test(headers.accept ?? '');
}

/** Hands out the files of one folder. */
export class ConsoleFiles {
  readonly #folder: string;
  readonly #assets = new Map<string, Asset>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async send(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const name = /^\/console\/assets\/([\w.-]+)$/.exec(url.pathname)?.[1];
    const isPage = /^\/(?:console\/?)?$/.test(url.pathname);
    const asset = name === undefined ? null : await this.#read(path.join('assets', name));
    const page = isPage ? await this.#read('index.html') : null;
    response.setHeader('Vary', 'Origin, Accept, Accept-Encoding');
    response.setHeader('Content-Security-Policy', policy(request.headers.host ?? ''));
    response.setHeader('Referrer-Policy', 'no-referrer');
    if (asset !== null) {
      // The name of an asset has a hash of its content.
      response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      sendAsset(request, response, asset);
      return;
    }
    if (page !== null) {
      response.setHeader('Cache-Control', 'no-cache');
      sendAsset(request, response, page);
      return;
    }
    const text = isPage ? NOT_BUILT : 'The console has no such file.\n';
    response.writeHead(isPage ? 503 : 404, {
      'Content-Type': `text/${isPage ? 'html' : 'plain'}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #read(name: string): Promise<Asset | null> {
    const file = path.join(this.#folder, name);
    const found = await stat(file).catch(() => null);
    const type = types[path.extname(name)];
    if (found === null || !found.isFile() || type === undefined) return null;
    const tag = `${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}`;
    const known = this.#assets.get(name);
    if (known?.tag === tag) return known;
    const plain = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      // What cannot be read just now is not absent: without descriptors the page would be taken for not built.
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (plain === null) return null;
    const asset = { type, plain, zipped: await compress(plain, { level: 9 }), tag };
    this.#assets.set(name, asset);
    return asset;
  }
}

/** Scripts, styles and connections of this server alone; nothing within the page, and no other page around it. */
function policy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    // Not every browser counts a WebSocket to the same host as 'self'. The host was checked before.
    `connect-src 'self' ws://${host} wss://${host}`,
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; ');
}

function sendAsset(request: IncomingMessage, response: ServerResponse, { type, plain, zipped, tag }: Asset): void {
  const isZipped = /\bgzip\b/i.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isZipped ? zipped : plain;
  const etag = `"${tag}${isZipped ? '-gz' : ''}"`;
  response.setHeader('ETag', etag);
  if (namesTag(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  if (isZipped) response.setHeader('Content-Encoding', 'gzip');
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
