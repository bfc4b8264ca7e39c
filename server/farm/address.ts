/** Where the broker is, and who one is there. */
export interface BrokerAddress {
  /** nats://HOST:PORT or tls://HOST:PORT, several separated by commas. A user and password, or a token, may be in it. */
  url: string;
  /** A file of credentials, as NATS issues them. */
  credentials?: string | undefined;
  /** Files in PEM: who vouches for the broker, and what this side shows it. */
  ca?: string | undefined;
  certificate?: string | undefined;
  key?: string | undefined;
}

const SCHEMES = ['nats:', 'tls:'];

/** Why a URL names no broker; null where it does. */
export function addressProblem(url: string): string | null {
  for (const one of url.split(',')) {
    if (!URL.canParse(one)) return `expected nats://HOST:PORT or tls://HOST:PORT, got ${JSON.stringify(shown(one))}`;
    const { protocol, hostname } = new URL(one);
    if (!SCHEMES.includes(protocol) || hostname === '')
      return `expected nats://HOST:PORT or tls://HOST:PORT, got ${JSON.stringify(shown(one))}`;
  }
  return null;
}

/** The URL as it may be logged: without what is secret in it. */
export function shown(url: string): string {
  return url.replace(/\/\/[^@/,]*@/g, '//');
}
