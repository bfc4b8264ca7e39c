import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from './broker.ts';
import {
  type FarmOutcome,
  type FarmResult,
  readOutcome,
  readResult,
  sha256Of,
  writeOutcome,
  writeResult,
} from './messages.ts';

/** What an entry of the index says, and its number: a later entry has a higher one. */
export interface Entry {
  outcome: FarmOutcome | null;
  revision: number;
}

/** Of what a message may have at most, so much may be the result: the rest is for headers. */
const INLINE = 0.9;
/** Milliseconds after which a piece of a clip counts as not coming. */
const PATIENCE_MS = 5000;

/** A piece of a clip did not come: a broker that was killed may have lost it, or the way to it is slow. */
export class StalledError extends Error {
  override readonly name = 'StalledError';
}

/** What the client says where the broker, and not the clip, is away. */
const UNREACHED = new Set(
  ['TimeoutError', 'RequestError', 'NoRespondersError', 'ConnectionError'].concat([
    'ClosedConnectionError',
    'DrainingConnectionError',
  ]),
);

/** Results by the hash of their recipe: in the index itself, and the sound in the store of clips where it is larger than a message. */
export class Results {
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Null where nothing is known of a recipe. */
  async find(hash: string): Promise<Entry | null> {
    const entry = await this.#broker.outcomes.get(hash);
    if (entry === null || entry.operation !== 'PUT') return null;
    return { outcome: readOutcome(entry.value), revision: entry.revision };
  }

  /** The clip of an outcome; null where it is there no more, or not whole. Throws StalledError. */
  async fetch(hash: string, outcome: FarmOutcome & { state: 'stored' }): Promise<FarmResult | null> {
    try {
      const found = await this.#broker.clips.get(hash);
      if (found === null) return null;
      if (found.info.size !== outcome.bytes) {
        await found.data.cancel().catch(() => undefined);
        return null;
      }
      const bytes = await readWhole(found.data.getReader(), outcome.bytes);
      return bytes !== null && sha256Of(bytes) === outcome.sha256 ? readResult(bytes) : null;
    } catch (error) {
      if (UNREACHED.has((error as Error).name) || error instanceof StalledError) throw error;
      return null;
    }
  }

  async store(hash: string, result: FarmResult): Promise<void> {
    const { nats, outcomes, clips } = this.#broker;
    const whole = writeOutcome({ state: 'done', result });
    if (whole.length <= (nats.info?.max_payload ?? 0) * INLINE) {
      await outcomes.put(hash, whole);
      return;
    }
    const bytes = writeResult(result);
    // The sound first: an entry never speaks of what is not there yet.
    await clips.putBlob({ name: hash }, bytes);
    const { maker } = result;
    await this.#put(hash, { state: 'stored', sha256: sha256Of(bytes), bytes: bytes.length, maker });
  }

  /** Forgets an entry that is of no use, unless it has become another one. */
  async forget(hash: string, { revision }: Entry): Promise<void> {
    await this.#broker.outcomes.delete(hash, { previousSeq: revision }).catch(() => undefined);
  }

  async fail(hash: string, outcome: FarmOutcome & { state: 'failed' | 'retrying' }): Promise<void> {
    await this.#put(hash, { ...outcome, message: outcome.message.slice(0, 2000) });
  }

  async #put(hash: string, outcome: FarmOutcome): Promise<void> {
    await this.#broker.outcomes.put(hash, writeOutcome(outcome));
  }
}

async function readWhole(reader: ReadableStreamDefaultReader<Uint8Array>, bytes: number): Promise<Uint8Array | null> {
  const whole = new Uint8Array(bytes);
  for (let at = 0; ; ) {
    const next = await Promise.race([reader.read(), wait(PATIENCE_MS, null, { ref: false })]);
    if (next === null) {
      void reader.cancel().catch(() => undefined);
      throw new StalledError(`a piece of a clip did not come within ${PATIENCE_MS / 1000} s`);
    }
    if (next.done) return at === bytes ? whole : null;
    if (at + next.value.length > bytes) return null;
    whole.set(next.value, at);
    at += next.value.length;
  }
}
