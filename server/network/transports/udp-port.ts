import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Peer } from './osc-senders.ts';

/**
 * Whether no program of this machine has a UDP port any more. A port that can be bound has no owner, and is let go at
 * once; of other machines nothing is known.
 */
export async function isUnowned({ address, port }: Peer): Promise<boolean> {
  const host = address.replace(/^::ffff:(?=\d+\.)/, '');
  const everywhere = isIPv6(host) ? '::' : '0.0.0.0';
  // Windows lets a port be bound to one address while another program has it for all, and the other way round.
  return (await canBind(host, port)) && (await canBind(everywhere, port));
}

function canBind(address: string, port: number): Promise<boolean> {
  const socket = createSocket(isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
