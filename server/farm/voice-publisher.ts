import { SerialQueue } from '../util/serial-queue.ts';
import { VoicePacker } from '../voices/pack.ts';
import { readVoice } from '../voices/read-voice.ts';
import type { Voice } from '../voices/voice.ts';
import type { Broker } from './broker.ts';
import type { BrokerLink, FarmLog } from './link.ts';

/** Entries of wanted voices expire after a day: those still wanted are announced again. */
const AGAIN_MS = 6 * 3_600_000;

/** Uploads the voices whose clips this server orders to the broker, and announces them, for workers that lack them. */
export class VoicePublisher {
  readonly #link: BrokerLink;
  readonly #log: FarmLog;
  readonly #packer = new VoicePacker();
  /** Folders of voices, by the SHA-256 of their card. */
  readonly #wanted = new Map<string, string>();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  /** One upload at a time. */
  readonly #queue = new SerialQueue();

  constructor(link: BrokerLink, log: FarmLog) {
    this.#link = link;
    this.#log = log;
    this.#stop = link.watch((broker) => {
      if (broker !== null) this.#announceAll();
    });
    this.#timer = setInterval(() => this.#announceAll(), AGAIN_MS);
    this.#timer.unref();
  }

  /** Of the model in a folder, without its base models: one clip is sampled by one model. */
  want(voice: string, dir: string): void {
    if (this.#wanted.get(voice) === dir) return;
    this.#wanted.set(voice, dir);
    this.#announce(voice, dir);
  }

  close(): void {
    this.#stop();
    clearInterval(this.#timer);
  }

  #announceAll(): void {
    for (const [voice, dir] of this.#wanted) this.#announce(voice, dir);
  }

  #announce(voice: string, dir: string): void {
    void this.#queue.run(async () => {
      const { broker } = this.#link;
      if (broker === null) return;
      try {
        await this.#upload(broker, voice, dir);
        await broker.wanted.put(voice, JSON.stringify({ since: Date.now() }));
      } catch (error) {
        this.#log(
          'warn',
          `voice ${voice.slice(0, 12)} could not be uploaded to the farm's broker: ${(error as Error).message}`,
        );
      }
    });
  }

  /** Unless it is already there. */
  async #upload({ voices }: Broker, voice: string, dir: string): Promise<void> {
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
    this.#log(
      'info',
      `uploaded voice ${voice.slice(0, 12)} (${read.name}) to the farm's broker, ${packed.bytes} bytes`,
    );
  }
}
