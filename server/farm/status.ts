import type { FarmQueue, FarmStatus } from '../engine/farm-status.ts';
import type { Broker } from './broker.ts';
import type { Fingerprint } from './fingerprint.ts';
import { JOBS } from './names.ts';
import type { Beat } from './roster.ts';

/** Digits by which people tell voices apart. */
const SHORT = 12;
const MAX_QUEUES = 256;

export function workersOf(beats: readonly Beat[]): FarmStatus['workers'] {
  return beats.map(({ offers, running, ...beat }) => ({
    ...beat,
    ...running,
    voices: offers.map(({ id, voice, name, arithmetic }) => ({
      voice: voice.slice(0, SHORT),
      name,
      fingerprint: id,
      arithmetic,
    })),
  }));
}

export function ownOf(prints: readonly Fingerprint[]): FarmStatus['own'] {
  return prints.map(({ id, voice, arithmetic }) => ({ voice: voice.slice(0, SHORT), fingerprint: id, arithmetic }));
}

/** What the broker holds. Rejects where it does not answer. */
export async function storedAt(broker: Broker): Promise<Pick<FarmStatus, 'queues' | 'clipBytes' | 'voiceBytes'>> {
  const queues: FarmQueue[] = [];
  for await (const consumer of broker.manager.consumers.list(JOBS)) {
    const [, urgency, fingerprint] = /^(live|bulk)-(.+)$/.exec(consumer.name) ?? [];
    if (fingerprint === undefined || queues.length === MAX_QUEUES) continue;
    queues.push({
      fingerprint,
      urgency: urgency as FarmQueue['urgency'],
      waiting: consumer.num_pending,
      taken: consumer.num_ack_pending,
      repeated: consumer.num_redelivered,
    });
  }
  const stores = [broker.outcomes, broker.clips, broker.voices].map(async (store) => (await store.status()).size);
  const [outcomes = 0, clips = 0, voices = 0] = await Promise.all(stores);
  return { queues, clipBytes: outcomes + clips, voiceBytes: voices };
}
