import { SerialQueue } from '../util/serial-queue.ts';
import { VoicePacker } from '../voices/pack.ts';
import { readVoice } from '../voices/read-voice.ts';
import type { Voice } from '../voices/voice.ts';
import type { Broker } from './broker.ts';
import type { BrokerLink, FarmLog } from './link.ts';

/** Entries of what is wanted end with a day: what is still wanted is said again. */
const AGAIN_MS = 6 * 3_600_000;

/** Voices that this server has made: it says so at the broker, and leaves them there for workers that lack them. */
export class VoiceExchange {
  readonly #link: BrokerLink;
  readonly #log: FarmLog;
  readonly #packer = new VoicePacker();
  /** Folders of the wanted ones, by the SHA-256 of their card. */
  readonly #wanted = new Map<string, string>();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  /** One voice after the other. */
  readonly #queue = new SerialQueue();

  constructor(link: BrokerLink, log: FarmLog) {
    this.#link = link;
    this.#log = log;
    this.#stop = link.watch((broker) => {
      if (broker !== null) this.#sayAll();
    });
    this.#timer = setInterval(() => this.#sayAll(), AGAIN_MS);
    this.#timer.unref();
  }

  /** Of the model in a folder, without those that it may carry along: a clip is made by one. */
  want(voice: string, dir: string): void {
    if (this.#wanted.get(voice) === dir) return;
    this.#wanted.set(voice, dir);
    this.#say(voice, dir);
  }

  close(): void {
    this.#stop();
    clearInterval(this.#timer);
  }

  #sayAll(): void {
    for (const [voice, dir] of this.#wanted) this.#say(voice, dir);
  }

  #say(voice: string, dir: string): void {
    void this.#queue.run(async () => {
      const { broker } = this.#link;
      if (broker === null) return;
      try {
        await this.#leave(broker, voice, dir);
        await broker.wanted.put(voice, JSON.stringify({ since: Date.now() }));
      } catch (error) {
        this.#log(
          'warn',
          `voice ${voice.slice(0, 12)} could not be left at the farm's broker: ${(error as Error).message}`,
        );
      }
    });
  }

  /** As a file, unless it is there. */
  async #leave({ voices }: Broker, voice: string, dir: string): Promise<void> {
    const there = await voices.info(voice);
    if (there !== null && !there.deleted) return;
    const read = await readVoice('voice', dir);
    const alone: Voice = { ...read, models: [read] };
    const packed = await this.#packer.pack(alone);
    const source = packed.read(0, packed.bytes);
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await source.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    });
    await voices.put({ name: voice }, stream);
    this.#log('info', `voice ${voice.slice(0, 12)} (${read.name}) lies at the farm's broker, ${packed.bytes} bytes`);
  }
}
