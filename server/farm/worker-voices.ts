import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../util/new-id.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import { readVoice } from '../voices/read-voice.ts';
import { unpackVoice } from '../voices/unpack.ts';
import type { Broker } from './broker.ts';
import { readCard } from './fingerprint.ts';
import type { FarmLog } from './link.ts';
import { isHash } from './names.ts';

export interface WorkerVoicesOptions {
  /** Folders with the voices of this machine. */
  roots: readonly string[];
  /** Folder for downloaded voices. Several workers may share it. */
  cache: string;
  /** Maximum size of that folder, and of one voice. */
  maxBytes: number;
  /** Tries an untrusted voice in a separate process. Rejects if it is not a valid voice. */
  check(voice: { dir: string; rate: number }): Promise<void>;
  log: FarmLog;
}

const INCOMING = '.incoming-';

/** Voices that a worker can use: those on its machine, and a cache of those downloaded from the broker. */
export class WorkerVoices {
  readonly #options: WorkerVoicesOptions;
  /** One download at a time. */
  readonly #queue = new SerialQueue();

  constructor(options: WorkerVoicesOptions) {
    this.#options = options;
  }

  /** The folder of the voice whose card has this SHA-256, downloaded if it is not on this machine. Null if the broker does not have it either. */
  async folderOf(voice: string, broker: Broker): Promise<string | null> {
    if (!isHash(voice)) return null;
    const own = await this.#own(voice);
    if (own !== null) return own;
    const cached = path.join(this.#options.cache, voice);
    if (await isVoice(cached, voice)) {
      // The least recently used goes first.
      await utimes(cached, new Date(), new Date()).catch(() => undefined);
      return cached;
    }
    return this.#queue.run(() => this.#fetch(voice, broker));
  }

  async #own(voice: string): Promise<string | null> {
    // A fine-tuned voice contains the voice that it was trained from, in `base`.
    for (const root of this.#options.roots)
      for (const name of await readdir(root).catch(() => []))
        for (let dir = path.join(root, name); (await stat(path.join(dir, 'card.json')).catch(() => null)) !== null; ) {
          if (await isVoice(dir, voice)) return dir;
          dir = path.join(dir, 'base');
        }
    return null;
  }

  async #fetch(voice: string, { voices, nats }: Broker): Promise<string | null> {
    const { cache, maxBytes, check, log } = this.#options;
    const found = await voices.get(voice);
    if (found === null) return null;
    // Of a connection that closes the client says nothing to who reads, and keeps its watch on the broker: the process would never end.
    const gone = new AbortController();
    void nats.closed().then(() => gone.abort(new Error('the connection to the broker was closed')));
    const data = found.data.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: gone.signal });
    if (found.info.size > maxBytes) {
      await data.cancel().catch(() => undefined);
      throw new Error(
        `voice ${voice.slice(0, 12)} has ${found.info.size} bytes; the worker's cache may have ${maxBytes}`,
      );
    }
    const dir = path.join(cache, `${INCOMING}${newId()}`);
    try {
      await mkdir(dir, { recursive: true });
      await unpackVoice(chunksOf(data), { dir, onManifest: async () => undefined, onProgress: () => undefined });
      if ((await readCard(dir)).sha256 !== voice)
        throw new Error('the downloaded voice has another card than the one asked for');
      const { rate } = await readVoice('voice', dir);
      await check({ dir, rate });
      await this.#makeRoom(found.info.size);
      const place = path.join(cache, voice);
      // Another worker may have been sooner.
      await rename(dir, place).catch(async (error: unknown) => {
        if (!(await isVoice(place, voice))) throw error;
      });
      log('info', `downloaded voice ${voice.slice(0, 12)} from the farm's broker, ${found.info.size} bytes`);
      return place;
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { cache, maxBytes, log } = this.#options;
    const kept: { dir: string; bytes: number; used: number }[] = [];
    for (const name of await readdir(cache).catch(() => [])) {
      const dir = path.join(cache, name);
      if (isHash(name)) kept.push({ dir, bytes: await bytesIn(dir), used: (await stat(dir)).mtimeMs });
    }
    kept.sort((a, b) => a.used - b.used);
    let total = kept.reduce((sum, one) => sum + one.bytes, bytes);
    for (const one of kept) {
      if (total <= maxBytes) return;
      await rm(one.dir, { recursive: true, force: true });
      log('info', `removed voice ${path.basename(one.dir).slice(0, 12)} from the worker's cache`);
      total -= one.bytes;
    }
  }
}

async function isVoice(dir: string, voice: string): Promise<boolean> {
  const card = await readCard(dir).catch(() => null);
  return card?.sha256 === voice;
}

async function bytesIn(dir: string): Promise<number> {
  const sizes = (await readdir(dir)).map(async (name) => (await stat(path.join(dir, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
