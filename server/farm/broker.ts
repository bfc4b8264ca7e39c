import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm, setSha256Backend } from '@nats-io/obj';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { bounds, CLIPS, JOBS, OUTCOMES, subjects, type Urgency, VOICES, WANTED } from './names.ts';

/** What of a broker a farm uses. All of it exists once `openBroker` has resolved. */
export interface Broker {
  nats: NatsConnection;
  js: JetStreamClient;
  manager: JetStreamManager;
  /** What became of jobs, by the hash of their recipe, and clips that are larger than a message. */
  outcomes: KV;
  clips: ObjectStore;
  /** Voices as files, by the SHA-256 of their card. */
  voices: ObjectStore;
  /** Which of them servers want made, by the same. */
  wanted: KV;
}

// Node's own: the package's is JavaScript, a tenth as fast.
setSha256Backend('native');

/** A store that holds less than this many bytes is of no use. */
const LEAST_BYTES = 32 * 2 ** 20;

/** Makes what is missing of the farm at a broker; what is there stays as it is. Throws where the broker refuses. */
export async function openBroker(nats: NatsConnection): Promise<Broker> {
  const manager = await jetstreamManager(nats);
  const js = jetstream(nats);
  await makeJobs(manager);
  const [kvm, objm] = [new Kvm(js), new Objm(js)];
  const [storage, age] = [StorageType.File, bounds.ageMs];
  const wanted = await kvm.create(WANTED, { storage, ttl: age, history: 1 });
  // Those with a size last: a broker whose room is given away to the last byte makes nothing more.
  const outcomes = await asLargeAsFits(manager, `KV_${OUTCOMES}`, bounds.outcomeBytes, (max_bytes) =>
    kvm.create(OUTCOMES, { storage, ttl: age, history: 1, max_bytes }),
  );
  const voices = await asLargeAsFits(manager, `OBJ_${VOICES}`, bounds.voiceBytes, (max_bytes) =>
    objm.create(VOICES, { storage, max_bytes }),
  );
  const clips = await asLargeAsFits(manager, `OBJ_${CLIPS}`, bounds.clipBytes, (max_bytes) =>
    objm.create(CLIPS, { storage, ttl: nanos(age), max_bytes }),
  );
  for (const stream of [`KV_${OUTCOMES}`, `OBJ_${CLIPS}`]) await dropOldest(manager, stream);
  return { nats, js, manager, outcomes, clips, voices, wanted };
}

/** The clients make stores that take nothing more once they are full: no clip would then be made before old ones end by age. */
async function dropOldest(manager: JetStreamManager, stream: string): Promise<void> {
  const { discard } = (await manager.streams.info(stream)).config;
  if (discard !== DiscardPolicy.Old) await manager.streams.update(stream, { discard: DiscardPolicy.Old });
}

/**
 * A broker refuses a store that its disk, or the account, has no room for: half of it, and so on, may fit. Half of
 * that is taken, for other stores need room as well.
 */
async function asLargeAsFits<T>(
  manager: JetStreamManager,
  stream: string,
  most: number,
  create: (bytes: number) => Promise<T>,
): Promise<T> {
  for (let bytes = most; ; bytes = Math.floor(bytes / 2)) {
    try {
      const store = await create(bytes);
      if (bytes < most) await manager.streams.update(stream, { max_bytes: Math.floor(bytes / 2) });
      return store;
    } catch (error) {
      if (bytes < LEAST_BYTES || !/insufficient|maximum|exceed|resource/i.test((error as Error).message)) throw error;
    }
  }
}

async function makeJobs(manager: JetStreamManager): Promise<void> {
  try {
    await manager.streams.info(JOBS);
    return;
  } catch (error) {
    if ((error as Error).name !== 'StreamNotFoundError') throw error;
  }
  await manager.streams.add({
    name: JOBS,
    subjects: [subjects.jobs],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    // What does not fit is refused, and nothing that was accepted goes; a job that waits is not queued again.
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
    max_msgs: bounds.jobs,
    max_msg_size: bounds.jobBytes,
    max_age: nanos(bounds.ageMs),
    duplicate_window: nanos(bounds.duplicateMs),
  });
}

/** Name of the consumer that the workers of a fingerprint share. */
export function consumerName(urgency: Urgency, fingerprint: string): string {
  return `${urgency}-${fingerprint}`;
}

/** Two of each fingerprint: brokers before 2.10 know one filter for each consumer, and no priorities. */
export async function makeConsumer(
  manager: JetStreamManager,
  urgency: Urgency,
  fingerprint: string,
  ackMs: number,
): Promise<void> {
  const durable = consumerName(urgency, fingerprint);
  await manager.consumers.add(JOBS, {
    durable_name: durable,
    filter_subject: subjects.job(urgency, fingerprint, '*'),
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackMs),
    // The worker counts: a job that no worker survives must end with a reason.
    max_deliver: -1,
    max_ack_pending: 20_000,
    max_waiting: 8192,
    // Of a fingerprint that nobody serves any more.
    inactive_threshold: nanos(bounds.ageMs),
  });
}
