import type { AnnouncedService } from './discovery/open.ts';

/** Ports that are open; null for what is not. */
export interface Ports {
  http: number | null;
  osc: number | null;
}

/** Where clients find it; null for what is not open. */
export interface Urls {
  readonly http: string | null;
  readonly ws: string | null;
  readonly osc: string | null;
}

/** The settings that decide the addresses. */
export interface AddressSettings {
  /** Of HTTP and WebSocket. */
  host: string;
  oscHost: string;
  /** With a certificate clients connect over TLS. */
  tlsCert?: string | undefined;
}

/** What whoever finds a server is told of it. */
interface AnnouncedFacts {
  version: string;
  /** Whether it asks for a token. */
  needsToken: boolean;
}

/** Where clients find a server that listens on these ports. */
export function urlsOf({ host, oscHost, tlsCert }: AddressSettings, { http, osc }: Ports): Urls {
  const s = tlsCert === undefined ? '' : 's';
  const named = (name: string): string => {
    const reachable = name === '0.0.0.0' ? '127.0.0.1' : name === '::' ? '::1' : name;
    return reachable.includes(':') ? `[${reachable}]` : reachable;
  };
  return {
    http: http === null ? null : `http${s}://${named(host)}:${http}`,
    ws: http === null ? null : `ws${s}://${named(host)}:${http}/ws`,
    osc: osc === null ? null : `osc.udp://${named(oscHost)}:${osc}`,
  };
}

/** What can be found, and where. */
export function servicesOf(
  { host, oscHost }: AddressSettings,
  { http, osc }: Ports,
  { version, needsToken }: AnnouncedFacts,
): AnnouncedService[] {
  const txt = { txtvers: '1', token: needsToken ? 'yes' : 'no' };
  const ours = { txtvers: '1', version, path: '/ws', token: txt.token };
  return [
    ...(http === null ? [] : [{ type: '_foleyd._tcp', port: http, at: host, txt: ours }]),
    // OSCQuery describes OSC: without it there is nothing to ask.
    ...(http === null || osc === null ? [] : [{ type: '_oscjson._tcp', port: http, at: host, txt }]),
    ...(osc === null ? [] : [{ type: '_osc._udp', port: osc, at: oscHost, txt: { txtvers: '1' } }]),
  ];
}
