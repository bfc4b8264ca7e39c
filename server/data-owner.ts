import { stat } from 'node:fs/promises';
import { ProtocolError } from '../protocol/index.ts';
import { diskReason } from './util/disk-reason.ts';
import { FolderHeldError, FolderLock } from './util/folder-lock.ts';

/** Errors of a folder that nothing can be changed in, by us or through us: then there is nothing to guard. */
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS', 'ENOENT'];

/** This process as the one that changes what is in a data folder. */
export class DataOwner {
  readonly #data: string;
  readonly #onReadOnly: (error: unknown) => void;
  readonly #lock: FolderLock;

  constructor(data: string, onReadOnly: (error: unknown) => void) {
    [this.#data, this.#onReadOnly, this.#lock] = [data, onReadOnly, new FolderLock(data)];
  }

  get held(): boolean {
    return this.#lock.held;
  }

  /** Rejects with data_in_use, which says by whom, or io_error. */
  async claim(): Promise<void> {
    try {
      await this.#lock.claim();
    } catch (error) {
      if (error instanceof FolderHeldError) throw inUse(this.#data, error);
      if (!READ_ONLY.includes((error as NodeJS.ErrnoException).code ?? '')) {
        const why = `the data folder ${this.#data} cannot be used: ${diskReason(error)}`;
        throw new ProtocolError('io_error', why, { cause: error });
      }
      this.#onReadOnly(error);
    }
  }

  /** Tells others where this process listens. */
  async announce(http: string): Promise<void> {
    await this.#lock.announce(http);
  }

  release(): Promise<void> {
    return this.#lock.release();
  }
}

/** Throws io_error for a data folder that cannot be one: a file has its name, or that of a folder above it. */
export async function refuseFile(data: string): Promise<void> {
  const isFile = await stat(data).then(
    (found) => !found.isDirectory(),
    ({ code }: NodeJS.ErrnoException) => code === 'ENOTDIR',
  );
  if (!isFile) return;
  const why = `the data folder ${data} cannot be made: there is a file of that name, or in its path`;
  throw new ProtocolError('io_error', `${why}; name another folder with --data or FOLEYD_DATA`);
}

function inUse(data: string, { holder: { pid, http }, cause }: FolderHeldError): ProtocolError {
  const who = `another foleyd (process ${pid}${http === null ? '' : `, ${http}`}) uses the data folder ${data}`;
  return new ProtocolError('data_in_use', `${who}; use that one, stop it, or name another folder with --data`, {
    cause,
  });
}
