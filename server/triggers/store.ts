import { commandOf, ProtocolError, type TriggerMap } from '../../protocol/index.ts';
import type { LogLine } from '../util/log-line.ts';
import { PersistentFile, readList } from '../util/persistent-file.ts';

/** Keeps the trigger maps in one JSON file, which is replaced atomically. */
export class MapStore {
  readonly #file: PersistentFile;
  readonly #log: LogLine;

  constructor(file: string, log: LogLine) {
    this.#file = new PersistentFile(file, log);
    this.#log = log;
  }

  /**
   * Returns no maps if the file cannot be read, and keeps the file. Leaves out invalid maps; the file that holds them is
   * set aside when the maps are next saved.
   */
  async load(): Promise<TriggerMap[]> {
    const list = await this.#file.read(readList);
    if (list === null) return [];
    const { args } = commandOf('trigger.map');
    const maps = list.flatMap((one) => {
      const read = args.safeParse(one);
      if (!read.success) this.#log('warn', 'a trigger map could not be read and was left out', { err: read.error });
      return read.success ? [read.data as TriggerMap] : [];
    });
    if (maps.length < list.length) this.#file.keep();
    return maps;
  }

  /** Throws io_error. */
  async save(maps: readonly TriggerMap[]): Promise<void> {
    try {
      await this.#file.write(`${JSON.stringify(maps, null, 2)}\n`);
    } catch (error) {
      throw new ProtocolError('io_error', `the maps could not be saved: ${(error as Error).message}`, { cause: error });
    }
  }
}
