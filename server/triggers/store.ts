import { copyFile, readFile, rename } from 'node:fs/promises';
import { commandOf, ProtocolError, type TriggerMap } from '../../protocol/index.ts';
import { writeAtomic } from '../util/atomic-file.ts';

/** Maps in a file of JSON, written whole or not at all. */
export class MapStore {
  readonly #file: string;
  readonly #onProblem: (message: string, error: unknown) => void;

  constructor(file: string, onProblem: (message: string, error: unknown) => void) {
    this.#file = file;
    this.#onProblem = onProblem;
  }

  /**
   * A file that cannot be read is set aside, and there are no maps. Of one that can, maps that are wrong are left out,
   * and a copy that still has them is kept beside it.
   */
  async load(): Promise<TriggerMap[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => null);
    if (text === null) return [];
    let list: unknown;
    try {
      list = JSON.parse(text);
      if (!Array.isArray(list)) throw new TypeError('it is no list');
    } catch (error) {
      await rename(this.#file, `${this.#file}.broken`).catch(() => undefined);
      this.#onProblem(`${this.#file} could not be read and was set aside`, error);
      return [];
    }
    const { args } = commandOf('trigger.map');
    const maps = (list as unknown[]).flatMap((one) => {
      const read = args.safeParse(one);
      if (!read.success) this.#onProblem('a trigger map could not be read and was left out', read.error);
      return read.success ? [read.data as TriggerMap] : [];
    });
    if (maps.length < list.length) await copyFile(this.#file, `${this.#file}.broken`).catch(() => undefined);
    return maps;
  }

  /** Throws io_error. */
  async save(maps: readonly TriggerMap[]): Promise<void> {
    try {
      await writeAtomic(this.#file, `${JSON.stringify(maps, null, 2)}\n`);
    } catch (error) {
      throw new ProtocolError('io_error', `the maps could not be kept: ${(error as Error).message}`, { cause: error });
    }
  }
}
