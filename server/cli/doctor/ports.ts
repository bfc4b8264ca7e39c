import dgram from 'node:dgram';
import net from 'node:net';
import { health } from '../peer.ts';
import { type Finding, ok, warn } from './check.ts';

/** The port for HTTP and WebSocket: free, used by our server, or by another program. */
export async function httpPort(host: string, port: number): Promise<Finding> {
  const busy = await new Promise<string | null>((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
  if (busy === null) return ok(`${host}:${port} is free`, { port, state: 'free' });
  const found = busy === 'EADDRINUSE' ? await health({ origin: `http://${host}:${port}` }) : null;
  if (found) return ok(`${host}:${port}: foleyd ${found.version} is running there`, { port, state: 'foleyd' });
  return warn('port_in_use', `${host}:${port}: ${told(busy)}; choose another with --port`);
}

/** The port for OSC over UDP. UDP cannot ask who is there, so a taken port is ours only by the word of HTTP. */
export async function oscPort(host: string, port: number, foleydRuns: boolean): Promise<Finding> {
  const busy = await new Promise<string | null>((resolve) => {
    const socket = dgram.createSocket('udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(null)));
  });
  if (busy === null) return ok(`${host}:${port} is free`, { port, state: 'free' });
  if (busy === 'EADDRINUSE' && foleydRuns)
    return ok(`${host}:${port} is in use by the running foleyd`, { port, state: 'foleyd' });
  return warn('port_in_use', `${host}:${port}: ${told(busy)}; choose another with --osc-port`);
}

const told = (code: string): string =>
  code === 'EADDRINUSE' ? 'another program uses it' : `it cannot be opened (${code})`;
