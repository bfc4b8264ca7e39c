/** What stands between method and version of a request: a path, a whole address, or an asterisk (RFC 9112, 3.2). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { newServer } from '../support/server.ts';

test('a whole address is a path of this server, two slashes are no host, and another host is refused', async (t) => {
  const { app } = await newServer(t);
  const { host, hostname, port } = new URL(app.urls.http!);
  const ask = async (line: string): Promise<[status: number, text: string]> => {
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    let text = '';
    socket.on('data', (piece) => (text += piece));
    socket.write(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    await once(socket, 'close');
    return [Number(text.slice(9, 12)), text];
  };
  const [status, text] = await ask(`GET http://${host}/health`);
  assert.deepEqual([status, /"name":"foleyd"/.test(text)], [200, true], text);
  const cases = [
    ['GET //health', 404],
    ['GET http://evil.example/health', 403],
    ['GET ftp://host/health', 400],
    ['GET health', 400],
    ['OPTIONS *', 204],
    ['GET *', 400],
  ] as const;
  for (const [line, expected] of cases) assert.equal((await ask(line))[0], expected, line);
});
