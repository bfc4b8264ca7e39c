import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from './broker.ts';
import {
  type FarmOutcome,
  type FarmResult,
  type Maker,
  readOutcome,
  readResult,
  sha256Of,
  writeOutcome,
} from './messages.ts';

/** What an entry of the index says, and its number: a later entry has a higher one. */
export interface Entry {
  outcome: FarmOutcome | null;
  revision: number;
}

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

/** Results by the hash of their recipe: the sound in the store, and what became of it in the index. */
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
  async fetch(hash: string, outcome: FarmOutcome & { state: 'done' }): Promise<FarmResult | null> {
    try {
      const found = await this.#broker.clips.get(hash);
      if (found === null || found.info.size !== outcome.bytes) return null;
      const bytes = await readWhole(found.data.getReader(), outcome.bytes);
      return bytes !== null && sha256Of(bytes) === outcome.sha256 ? readResult(bytes) : null;
    } catch (error) {
      if (UNREACHED.has((error as Error).name) || error instanceof StalledError) throw error;
      return null;
    }
  }

  /** The sound first: an entry never speaks of what is not there yet. */
  async store(hash: string, result: Uint8Array, maker: Maker): Promise<void> {
    await this.#broker.clips.putBlob({ name: hash }, result);
    await this.#put(hash, { state: 'done', sha256: sha256Of(result), bytes: result.length, maker });
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
