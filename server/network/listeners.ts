import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Refusals } from '../dispatch/refusals.ts';
import { type Log, logLineOf } from '../util/log.ts';
import type { AuditLog } from './access/audit-log.ts';
import { type Certificate, readCertificate } from './access/certificate.ts';
import { newSecret, writeLocalServer } from './access/local-secret.ts';
import { Tokens } from './access/tokens.ts';
import { type AddressSettings, type Ports, servicesOf, urlsOf } from './addresses.ts';
import type { Announcement } from './discovery/announce.ts';
import { isLoopback } from './loopback.ts';
import { type HttpOptions, listenHttp } from './transports/http.ts';
import { ConsoleFiles } from './transports/http-console.ts';
import { listenOsc, type OscOptions } from './transports/osc.ts';
import type { OscSpace } from './transports/osc-address-space.ts';
import type { TimetagQueueOptions } from './transports/osc-timetag-queue.ts';
import type { Listener, TransportContext } from './transports/transport.ts';
import type { WsOptions } from './transports/ws.ts';

export type Health = HttpOptions['health'];

/** The settings of the listeners, by the names that they have in the server's configuration. */
export interface ListenerSettings extends AddressSettings {
  port: number;
  /** null: no OSC. */
  oscPort: number | null;
  oscAllow: OscOptions['allow'];
  oscRole: OscOptions['oscRole'];
  allowHosts: readonly string[];
  allowOrigins: readonly string[];
  token?: string | undefined;
  adminToken?: string | undefined;
  tlsKey?: string | undefined;
  /** The data folder: hashes of tokens, and the secret of this machine. */
  data: string;
  announce: 'auto' | 'on' | 'off';
}

/** Limits of every connection, and of the files that are uploaded. */
export interface ListenerLimits
  extends Omit<WsOptions, keyof TransportContext | 'osc'>,
    Omit<TimetagQueueOptions, 'isTimed'>,
    Pick<HttpOptions, 'connections' | 'connectionIdleMs' | 'openRequests'>,
    Pick<OscOptions, 'oscSenders'> {
  voiceBytes: number;
}

/** What the listeners need of the rest of the server. */
export interface ListenerDeps {
  dispatcher: Dispatcher;
  refusals: Refusals;
  limits: ListenerLimits;
  space: OscSpace;
  health: Health;
  /** Whether a map hears this OSC address. */
  isMapped: (address: string) => boolean;
  findClip: HttpOptions['findClip'];
  metrics: HttpOptions['metrics'];
  endlessWavHead: HttpOptions['endlessWavHead'];
  /** Folder of the browser console's files. */
  consoleFolder: string;
  auditLog: AuditLog;
  log: Log;
  version: string;
}

/** The network listeners (HTTP with WebSocket, and OSC) with their authentication and mDNS announcements. */
export class Listeners {
  readonly ports: Ports = { http: null, osc: null };
  readonly #listeners: Listener[] = [];
  readonly #announcements: Announcement[] = [];
  readonly #leaving: (() => void | Promise<void>)[] = [];

  /** Throws where one cannot be opened; those that were are open then, until `close`. */
  async open(config: ListenerSettings, inside: ListenerDeps): Promise<void> {
    const {
      dispatcher,
      refusals,
      limits,
      space,
      isMapped,
      findClip,
      metrics,
      endlessWavHead,
      health,
      auditLog,
      log,
      version,
    } = inside;
    const { ports } = this;
    const line = logLineOf(log);
    const context: TransportContext = {
      dispatcher,
      log: line,
      refused: (refusal) => refusals.tell(refusal),
    };
    const hasOsc = config.oscPort !== null;
    const oscHost = () => ({
      name: 'foleyd',
      osc: ports.osc === null ? null : { host: config.oscHost, port: ports.osc },
    });
    const certificate = await certificateOf(config);
    const secret = newSecret();
    const tokens = new Tokens({
      data: config.data,
      given: { play: config.token, admin: config.adminToken },
      machine: secret,
      strict: !isLoopback(config.host),
      log: line,
    });
    const { host, allowHosts, allowOrigins } = config;
    const http = await listenHttp({
      host,
      port: config.port,
      ...limits,
      ...context,
      fileBytes: limits.voiceBytes,
      access: { host, allowHosts, allowOrigins, tokens },
      tls: certificate,
      health,
      findClip,
      metrics,
      endlessWavHead,
      osc: hasOsc ? { ...limits, space, isMapped } : null,
      oscQuery: hasOsc ? { space, host: oscHost } : null,
      console: new ConsoleFiles(inside.consoleFolder),
      onUnauthorized: (transport, cmd) => auditLog.refused({ cmd, transport, code: 'unauthorized' }),
    });
    this.#listeners.push(http);
    this.#leaving.push(tokens.watch(() => http.revoke()));
    ports.http = http.port;
    if (certificate === null && !isLoopback(host))
      log.warn('tokens and audio cross the network unencrypted; see --tls-cert');
    const { http: url, ws } = urlsOf(config, ports);
    const record = { http: url!, ws: ws!, secret, certificate: certificate?.fingerprint ?? null };
    this.#leaving.push(await writeLocalServer(config.data, record).catch(noRecord(log)));
    if (config.oscPort !== null) {
      const place = { host: config.oscHost, port: config.oscPort, allow: config.oscAllow, oscRole: config.oscRole };
      const osc = await listenOsc({ ...limits, ...context, ...place, isMapped });
      this.#listeners.push(osc);
      ports.osc = osc.port;
    }
    const isLocal = isLoopback(host) && isLoopback(config.oscHost);
    if (config.announce === 'on' || (config.announce === 'auto' && !isLocal)) {
      const { announceAll } = await import('./discovery/open.ts');
      const services = servicesOf(config, ports, { version, needsToken: !tokens.isOpen });
      this.#announcements.push(...announceAll(services, config.announce === 'on', logLineOf(log, { from: 'mdns' })));
    }
  }

  /** Nobody new shall come any more. */
  async unannounce(): Promise<void> {
    await Promise.all(this.#announcements.map((one) => one.close()));
  }

  async close(): Promise<void> {
    for (const leave of this.#leaving) await leave();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}

async function certificateOf({ tlsCert, tlsKey }: ListenerSettings): Promise<Certificate | null> {
  return tlsCert === undefined || tlsKey === undefined ? null : readCertificate(tlsCert, tlsKey);
}

/** The server works without its record; the programs of this machine then need a token as others do. */
function noRecord(log: Log): (err: unknown) => () => void {
  return (err) => {
    log.warn({ err }, 'the machine secret could not be written to the data folder');
    return () => undefined;
  };
}
