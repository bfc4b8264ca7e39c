/**
 * The DNS-SD records by which a service of this machine is found over mDNS. Our own on multicast-dns: bonjour-service announces
 * every address of the machine, whatever a server is bound to, has none for loopback, and writes conflicts to the console.
 */
import type mdns from 'multicast-dns';

export type Answer = mdns.ResponseOutgoingPacket['answers'][number];
/** Its types leave ANY out. */
type Question = { name: string; type: Answer['type'] | 'ANY' };

/** Something that listens, to be found by its kind. */
export interface Service {
  /** As `_osc._udp`. */
  type: string;
  port: number;
  /** What is said beside, as key=value. */
  txt: Readonly<Record<string, string>>;
}

/** A service's records are kept for so long where they are heard, in seconds: RFC 6762, section 10. */
const HOST_TTL = 120;
const OTHER_TTL = 4500;

/** All records of a machine's services under one name, on one network: RFC 6763. */
export function recordsOf(services: readonly Service[], name: string, host: string, address: string): Answer[] {
  const target = `${host}.local`;
  return [
    ...services.flatMap(({ type, port, txt }): Answer[] => {
      const instance = instanceOf(name, type);
      return [
        { name: '_services._dns-sd._udp.local', type: 'PTR', ttl: OTHER_TTL, data: `${type}.local` },
        { name: `${type}.local`, type: 'PTR', ttl: OTHER_TTL, data: instance },
        { name: instance, type: 'SRV', ttl: HOST_TTL, flush: true, data: { port, target, priority: 0, weight: 0 } },
        {
          name: instance,
          type: 'TXT' as const,
          ttl: OTHER_TTL,
          flush: true,
          data: Object.entries(txt).map(([key, value]) => `${key}=${value}`),
        },
      ];
    }),
    { name: target, type: 'A', ttl: HOST_TTL, flush: true, data: address },
  ];
}

/** A dot would be taken for the end of a label. */
function instanceOf(name: string, type: string): string {
  return `${name.replaceAll('.', '-')}.${type}.local`;
}

/** What answers these questions, and what the asker will want to know next: RFC 6763, section 12. */
export function answersTo(
  questions: readonly Question[],
  records: readonly Answer[],
  known: readonly Answer[] = [],
): { answers: Answer[]; additionals: Answer[] } {
  const asked = (record: Answer): boolean =>
    questions.some(({ name, type }) => isSame(name, record.name) && (type === 'ANY' || type === record.type));
  const answers = records.filter((record) => asked(record) && !known.some((one) => isKnown(one, record)));
  const wanted = new Set(answers.flatMap(namesIn));
  for (const record of records) if (wanted.has(record.name)) for (const name of namesIn(record)) wanted.add(name);
  const additionals = records.filter((record) => wanted.has(record.name) && !answers.includes(record));
  return { answers, additionals };
}

/** Whether an answer shows that another host uses a name of these records. */
export function isConflict(answer: Answer, records: readonly Answer[]): boolean {
  if (answer.type !== 'SRV') return false;
  const own = records.find((record) => record.type === 'SRV' && isSame(record.name, answer.name));
  if (own?.type !== 'SRV') return false;
  return own.data.port !== answer.data.port || !isSame(own.data.target, answer.data.target);
}

function namesIn(record: Answer): string[] {
  if (record.type === 'PTR') return [record.data];
  return record.type === 'SRV' ? [record.data.target] : [];
}

/** The asker has it and will have it for a while: RFC 6762, section 7.1. */
function isKnown(one: Answer, record: Answer): boolean {
  if (one.type !== 'PTR' || record.type !== 'PTR') return false;
  return isSame(one.name, record.name) && isSame(one.data, record.data) && (one.ttl ?? 0) * 2 >= (record.ttl ?? 0);
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
