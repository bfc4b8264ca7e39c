import { setTimeout as wait } from 'node:timers/promises';
import mdns from 'multicast-dns';
import type { LogLine } from '../../util/log-line.ts';
import { RateLimit } from '../transports/rate.ts';
import type { Network } from './networks.ts';
import { discoverySocket } from './packets.ts';
import { answersTo, isConflict, recordsOf, type Service } from './records.ts';

export interface AnnounceOptions {
  services: readonly Service[];
  network: Network;
  /** How a person tells it from others; a number is added where somebody has it already. */
  name: string;
  /** Name of this machine, without a domain. */
  host: string;
  /** Hears why it cannot be announced, and under which name it is. */
  log: LogLine;
  /** UDP port; 5353 but in tests. */
  port?: number;
}

export interface Announcement {
  /** Resolves with the name it has, null where it cannot be announced. */
  readonly announced: Promise<string | null>;
  /** Says that it is gone. */
  close(): Promise<void>;
}

const MDNS_PORT = 5353;
/** RFC 6762, section 8.1: three questions, 250 ms apart, whether a name is free. */
const PROBES = 3;
const PROBE_MS = 250;
const MAX_NAMES = 20;
/** Answers on one network, at once and per second: who asks a thousand times is not answered a thousand times. */
const ANSWERS = { burst: 50, perSecond: 20 };

/** Announces services over multicast DNS (RFC 6762) on one network, and answers who looks for them there. */
export function announce(options: AnnounceOptions): Announcement {
  const { services, network, log, port = MDNS_PORT } = options;
  const socket = mdns({ interface: network.address, bind: '0.0.0.0', port, socket: discoverySocket() });
  const closing = new AbortController();
  const limit = new RateLimit(ANSWERS.burst, ANSWERS.perSecond, 1);
  let records = recordsOf(services, options.name, options.host, network.address);
  let isTaken = false;
  let isAnnounced = false;

  const failed = new Promise<null>((resolve) => {
    socket.on('error', (error: Error) => {
      log('warn', `services cannot be announced at ${network.address}: ${error.message}`);
      resolve(null);
    });
  });
  // What others send that is no DNS, and networks that are gone: nothing to be done here.
  socket.on('warning', () => undefined);
  socket.on('response', ({ answers = [], additionals = [] }) => {
    if ([...answers, ...additionals].some((answer) => isConflict(answer, records))) isTaken = true;
  });
  socket.on('query', ({ id, questions = [], answers: known }, from) => {
    if (!isAnnounced) return;
    // RFC 6762, section 6.7: plain resolvers ask from a port of their own and hear no multicast.
    const isLegacy = from.port !== port;
    if (isLegacy && !network.has(from.address)) return;
    const found = answersTo(questions, records, known);
    if (found.answers.length === 0 || !limit.take('')) return;
    if (isLegacy)
      socket.respond({ ...found, id, questions: [...questions] }, { port: from.port, address: from.address });
    else socket.respond(found);
  });

  const ask = (): void => {
    const names = new Set(records.flatMap(({ name, type }) => (type === 'SRV' ? [name] : [])));
    // Whatever there is of each name.
    for (const name of names) socket.query(name);
  };
  /** Asks for one name after the other until nobody has it. */
  const claim = async (): Promise<string> => {
    for (let n = 1; ; n++) {
      const name = n === 1 ? options.name : `${options.name} (${n})`;
      records = recordsOf(services, name, options.host, network.address);
      isTaken = false;
      for (let probe = 0; probe < PROBES && !isTaken; probe++) {
        ask();
        await wait(PROBE_MS, undefined, { signal: closing.signal, ref: false });
      }
      if (!isTaken || n === MAX_NAMES) return name;
    }
  };
  const ready = new Promise<void>((resolve) => socket.once('ready', resolve));
  const claimed = ready.then(claim).then((name) => {
    isAnnounced = true;
    socket.respond(records);
    log('info', `announced as "${name}" at ${network.address}`);
    // Once more, as RFC 6762, section 8.3 has it: the first may be lost.
    wait(1000, undefined, { signal: closing.signal, ref: false }).then(
      () => socket.respond(records),
      () => undefined,
    );
    return name;
  });
  return {
    announced: Promise.race([claimed, failed]).catch(() => null),
    async close() {
      closing.abort();
      // Nobody could hear it of a socket that never opened.
      if (isAnnounced)
        await new Promise<void>((resolve) => {
          socket.respond({ answers: records.map((record) => ({ ...record, ttl: 0 })) }, () => resolve());
        });
      await new Promise<void>((resolve) => socket.destroy(() => resolve()));
    },
  };
}
