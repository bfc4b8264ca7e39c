import { type FSWatcher, watch } from 'node:fs';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * Linux tells at once of every change that a process of this machine makes in a folder, its files included. Elsewhere word
 * comes late, or of some changes not at all.
 */
const TELLS = process.platform === 'linux';

/** Folders in which nothing has changed since they began to be watched. */
export class WatchedFolders {
  readonly dirs: readonly string[];
  readonly #watchers: FSWatcher[] = [];
  #isUnchanged = TELLS;

  constructor(dirs: readonly string[]) {
    this.dirs = dirs;
    try {
      for (const dir of TELLS ? dirs : []) {
        const watcher = watch(dir, { persistent: false }, () => this.close());
        watcher.on('error', () => this.close());
        this.#watchers.push(watcher);
      }
    } catch {
      // Not there, or there are no more watches to be had: then nobody knows.
      this.close();
    }
  }

  get isOpen(): boolean {
    return this.#isUnchanged;
  }

  /** Whether nothing has changed, whatever was done before this is called included. */
  async areUnchanged(): Promise<boolean> {
    // Word of it lies ready in the system, and is read with the next turn of the event loop.
    if (this.#isUnchanged) await turn();
    return this.#isUnchanged;
  }

  close(): void {
    this.#isUnchanged = false;
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }
}
