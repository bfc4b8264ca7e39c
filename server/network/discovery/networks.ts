import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isLoopback } from '../loopback.ts';

/** One IPv4 address of this machine, and who is on the same network. */
export interface Network {
  address: string;
  has(address: string): boolean;
}

/**
 * Networks on which a server that listens at `host` can be reached: what is announced there is true there. None for an
 * IPv6 address and for a name.
 */
export function networksOf(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): Network[] {
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const wanted = isLoopback(host) ? '127.0.0.1' : host;
  return all
    .filter(({ family, internal, address }) => family === 'IPv4' && (isEverywhere ? !internal : address === wanted))
    .map(({ address, cidr, netmask }) => {
      const members = new BlockList();
      members.addSubnet(address, Number(cidr?.split('/')[1] ?? prefixOf(netmask)), 'ipv4');
      return { address, has: (other) => isIPv4(other) && members.check(other, 'ipv4') };
    });
}

function prefixOf(netmask: string): number {
  const bits = netmask.split('.').map((part) => Number(part).toString(2).replaceAll('0', '').length);
  return bits.reduce((sum, ones) => sum + ones, 0);
}
