import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host name or address can only be this machine. */
export function isLoopback(host: string): boolean {
  // As every OSC message of this machine has it; the list would make an object of it.
  if (host === '127.0.0.1' || host === '::1') return true;
  const name = bareHost(host).replace(/%.*$/, '');
  const family = isIP(name);
  // IPv4 addresses within IPv6 are found as well.
  return name === 'localhost' || (family !== 0 && loopback.check(name, family === 6 ? 'ipv6' : 'ipv4'));
}

/** A host in one spelling: small letters, without the brackets of an address and the dot at the end of a full name. */
export function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
