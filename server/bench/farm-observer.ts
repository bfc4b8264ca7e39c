import { setTimeout as wait } from 'node:timers/promises';
import { clipHash } from '../farm/fingerprint.ts';
import { BrokerLink } from '../farm/link.ts';
import { readOutcome } from '../farm/messages.ts';
import { JOBS, subjects } from '../farm/names.ts';

/** Reads along at a broker: which clips were made more than once, and whether they were the same. */
export class FarmObserver {
  readonly #link: BrokerLink;
  readonly #made = new Map<string, string>();
  repeated = 0;
  different = 0;

  constructor(url: string) {
    this.#link = new BrokerLink({ address: { url }, name: 'observer', log: () => undefined });
    let known: unknown;
    this.#link.watch((broker) => {
      // A connection that came back still has it.
      if (broker === null || broker.nats === known) return;
      known = broker.nats;
      broker.nats.subscribe(subjects.outcome('*'), {
        callback: (error, { subject, data }) => {
          if (error === null) this.#read(subject, data);
        },
      });
    });
  }

  #read(subject: string, data: Uint8Array): void {
    const outcome = readOutcome(data);
    if (outcome?.state !== 'done') return;
    const sha256 = clipHash(outcome.result);
    const before = this.#made.get(subject);
    this.#made.set(subject, sha256);
    if (before === undefined) return;
    this.repeated += 1;
    if (before !== sha256) this.different += 1;
  }

  /** What the broker knows of jobs that did not end, and what its workers say. */
  async state(): Promise<object> {
    const { manager, nats } = await this.#link.ready();
    const { state } = await manager.streams.info(JOBS, { subjects_filter: '>' });
    const consumers: object[] = [];
    for await (const { config: _, cluster: __, ...one } of manager.consumers.list(JOBS)) consumers.push(one);
    const beats: unknown[] = [];
    nats.subscribe(subjects.beats, {
      callback: (_, { data }) => void beats.push(JSON.parse(Buffer.from(data).toString('utf8'))),
    });
    nats.publish(subjects.roll);
    await wait(3000);
    return { state, consumers, beats };
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
