import { ProtocolError } from '../../protocol/index.ts';
import type { LogLine } from '../util/log-line.ts';
import { PersistentFile, readList } from '../util/persistent-file.ts';
import { SerialQueue } from '../util/serial-queue.ts';

/** Voices that were active, kept for rollbacks; the oldest go first. */
const MAX_KEPT = 50;

/** Which voice is active, and which were before: a list in a file, the active one last. */
export class ActiveVoices {
  readonly #file: PersistentFile;
  #list: string[];
  readonly #queue = new SerialQueue();

  private constructor(file: PersistentFile, list: string[]) {
    this.#file = file;
    this.#list = list;
  }

  /**
   * What an earlier run left, or `first`, which `anew` begins a history of its own with. A file that cannot be read
   * costs the history, not the start, and is kept.
   */
  static async open(file: string, first: string, anew = false, log: LogLine = () => undefined): Promise<ActiveVoices> {
    const kept = new PersistentFile(file, log);
    const list = await kept.read((text) => readList(text).filter((id): id is string => typeof id === 'string'));
    return new ActiveVoices(kept, anew || list === null || list.length === 0 ? [first] : list.slice(-MAX_KEPT));
  }

  get active(): string {
    return this.#list.at(-1)!;
  }

  /** Those before, the latest first. */
  get previous(): readonly string[] {
    return this.#list.slice(0, -1).reverse();
  }

  /** One change at a time: two that cross would leave a history that never was. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  /** Throws io_error: then nothing has changed. */
  async push(id: string): Promise<void> {
    if (id !== this.active) await this.#set([...this.#list, id].slice(-MAX_KEPT));
  }

  /** Back to one of the previous ones; those after it are forgotten. Throws io_error. */
  async backTo(id: string): Promise<void> {
    const at = this.#list.lastIndexOf(id, this.#list.length - 2);
    if (at >= 0) await this.#set(this.#list.slice(0, at + 1));
  }

  /** A voice that was active before is there no more: another that gets its name was not. Throws io_error. */
  async forget(id: string): Promise<void> {
    const kept = this.#list.filter((one) => one !== id).filter((one, i, all) => one !== all[i - 1]);
    if (id !== this.active && kept.length < this.#list.length) await this.#set(kept);
  }

  async #set(list: string[]): Promise<void> {
    try {
      await this.#file.write(`${JSON.stringify(list)}\n`);
    } catch (error) {
      throw new ProtocolError('io_error', `the active voice could not be saved: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.#list = list;
  }
}
