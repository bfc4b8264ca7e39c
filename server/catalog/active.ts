import { readFile } from 'node:fs/promises';
import { ProtocolError } from '../../protocol/index.ts';
import { writeWhole } from '../files.ts';

/** Voices that were active, kept for rollbacks; the oldest go first. */
const MOST = 50;

/** Which voice is active, and which were before: a list in a file, the active one last. */
export class ActiveVoices {
  readonly #file: string;
  #list: string[];

  private constructor(file: string, list: string[]) {
    this.#file = file;
    this.#list = list;
  }

  /** What an earlier run left, or `first`, which `anew` begins a history of its own with. A file that cannot be read is as none. */
  static async open(file: string, first: string, anew = false): Promise<ActiveVoices> {
    if (anew) return new ActiveVoices(file, [first]);
    const text = await readFile(file, 'utf8').catch(() => '[]');
    let list: unknown = [];
    try {
      list = JSON.parse(text);
    } catch {
      // A broken file costs the history, not the start.
    }
    const ids = Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string') : [];
    return new ActiveVoices(file, ids.length === 0 ? [first] : ids.slice(-MOST));
  }

  get active(): string {
    return this.#list.at(-1)!;
  }

  /** The one before; null where there is none. */
  get previous(): string | null {
    return this.#list.at(-2) ?? null;
  }

  /** Throws io_error: then nothing has changed. */
  async push(id: string): Promise<void> {
    if (id !== this.active) await this.#set([...this.#list, id].slice(-MOST));
  }

  /** Back to the one before. Throws io_error. */
  async pop(): Promise<void> {
    if (this.#list.length > 1) await this.#set(this.#list.slice(0, -1));
  }

  async #set(list: string[]): Promise<void> {
    try {
      await writeWhole(this.#file, `${JSON.stringify(list)}\n`);
    } catch (error) {
      throw new ProtocolError('io_error', `the active voice could not be kept: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.#list = list;
  }
}
