import { hostname } from 'node:os';
import type { LogLine } from '../../util/log-line.ts';
import { isLoopback } from '../loopback.ts';
import { type Announcement, announce } from './announce.ts';
import { networksOf } from './networks.ts';
import type { Service } from './records.ts';

/** A service, and the address it listens at. */
export interface AnnouncedService extends Service {
  at: string;
}

/**
 * Announces each service on the networks it listens at, and nowhere else: one on loopback is told of on loopback, where
 * no other machine hears it, and there only when `includeLocal` says so.
 */
export function announceAll(
  services: readonly AnnouncedService[],
  includeLocal: boolean,
  log: LogLine,
): Announcement[] {
  const host = hostname().split('.')[0] ?? 'localhost';
  const wanted = services.filter(({ at }) => includeLocal || !isLoopback(at));
  const here = wanted.flatMap((service) => networksOf(service.at).map((network) => ({ service, network })));
  for (const { type, at } of wanted) {
    if (networksOf(at).length === 0)
      log('warn', `${type} is not announced: ${at} is not an IPv4 address of this machine`);
  }
  const addresses = [...new Set(here.map(({ network }) => network.address))];
  return addresses.map((address) => {
    const found = here.filter(({ network }) => network.address === address);
    return announce({
      services: found.map(({ service }) => service),
      network: found[0]!.network,
      log,
      // A host name of its own: the system's mDNS has the machine's, and may say other things of it.
      name: `foleyd on ${host}`,
      host: `${host}-foleyd`,
    });
  });
}
