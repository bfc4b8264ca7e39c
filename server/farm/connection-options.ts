import { readFile } from 'node:fs/promises';
import { credsAuthenticator, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { BrokerAddress } from './address.ts';

/** What the client is opened with. Throws where a file cannot be read. */
export async function connectionOptions(address: BrokerAddress): Promise<NodeConnectionOptions> {
  const urls = address.url.split(',').map((one) => new URL(one));
  const [first] = urls;
  const user = decodeURIComponent(first!.username);
  const pass = decodeURIComponent(first!.password);
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
