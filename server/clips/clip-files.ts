import { copyFile, link, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { readRecipe } from '../audio/recipe.ts';
import { noFile, settleAside } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { LogLine } from '../util/log-line.ts';
import { move } from '../util/trash.ts';
import type { ClipRecipe } from './clip.ts';
import { PARTIAL_FILE, plainFile, readHead, readSmall, writeClip } from './files.ts';
import { isOurs, MAX_SIDECAR_BYTES, readSidecar, type Sidecar, writeSidecar } from './sidecar.ts';

/** Why a sidecar that can be read says nothing. */
export const DAMAGED = 'it is damaged, or of another version';
const FILE = /^([0-9a-f]{16})\.(wav|json)$/;

/** The two files of each clip, `<dir>/<id>.wav` and its sidecar `<id>.json`. */
export class ClipFiles {
  readonly #dir: string;
  readonly #log: LogLine;
  readonly #unread = new Set<string>();

  constructor(dir: string, log: LogLine) {
    [this.#dir, this.#log] = [dir, log];
  }

  path(id: string, kind: 'wav' | 'json' = 'wav'): string {
    return path.join(this.#dir, `${id}.${kind}`);
  }

  /** Whether its sidecar is there and cannot be read: it may say that the clip is starred, so the clip stays. */
  isUnread(id: string): boolean {
    return this.#unread.has(id);
  }

  /** Ids of all WAVs, and of sidecars without one. `clear` removes what a crash left half written. */
  async ids(clear: boolean): Promise<{ clips: string[]; orphans: string[] }> {
    const [clips, sidecars] = [new Set<string>(), new Set<string>()];
    for (const name of await readdir(this.#dir)) {
      if (clear && PARTIAL_FILE.test(name)) await rm(path.join(this.#dir, name), { force: true });
      const [, id, kind] = FILE.exec(name) ?? [];
      if (id !== undefined) (kind === 'wav' ? clips : sidecars).add(id);
    }
    return { clips: [...clips], orphans: [...sidecars].filter((id) => !clips.has(id)) };
  }

  /** Writes the sidecar first: a WAV is never there without it. Throws io_error. */
  async write(id: string, wav: Uint8Array, sidecar: Sidecar): Promise<void> {
    await this.writeSidecar(id, sidecar);
    try {
      await writeClip(this.path(id), wav);
    } catch (error) {
      await rm(this.path(id, 'json'), { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Replaces it; one that cannot be read is kept beside it, since a person may mend what it says. Throws io_error. */
  async writeSidecar(id: string, sidecar: Sidecar): Promise<void> {
    if (this.#unread.has(id)) await this.#setAside(id);
    await writeClip(this.path(id, 'json'), writeSidecar(sidecar));
  }

  /** What the sidecar says, or else the WAV itself; `problem`: why the sidecar that is there says nothing. */
  async sidecar(id: string, bytes: number): Promise<{ sidecar: Sidecar; problem: unknown }> {
    let problem: unknown = null;
    try {
      const text = await readSmall(this.path(id, 'json'), MAX_SIDECAR_BYTES);
      const read = text === null ? null : readSidecar(text);
      if (read !== null) this.#unread.delete(id);
      if (read !== null) return { sidecar: read, problem: null };
      if (text !== null) problem = DAMAGED;
    } catch (error) {
      problem = error;
    }
    if (problem !== null && !this.#unread.has(id)) {
      this.#unread.add(id);
      this.#log('warn', `the recipe of clip ${id} cannot be read; it is kept as it is`, { err: problem });
    }
    return { sidecar: await this.#sidecarFromWav(id, bytes), problem };
  }

  /** A crash in between leaves the clip whole, here or there: the next start clears a sidecar without its WAV. */
  async moveOut(id: string, dir: string): Promise<void> {
    const [recipe, copy] = [this.path(id, 'json'), path.join(dir, `${id}.json`)];
    // Not every file system has links.
    await link(recipe, copy).catch(() => copyFile(recipe, copy).catch(noFile));
    await move(this.path(id), path.join(dir, `${id}.wav`));
    await rm(recipe, { force: true }).catch(() => undefined);
    this.#unread.delete(id);
  }

  /** The sidecar first, as when a clip is saved. */
  async moveIn(id: string, dir: string): Promise<void> {
    await move(path.join(dir, `${id}.json`), this.path(id, 'json')).catch(noFile);
    await move(path.join(dir, `${id}.wav`), this.path(id));
  }

  async erase(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
    await rm(this.path(id, 'json'), { force: true });
    this.#unread.delete(id);
  }

  /** Removes a sidecar without its clip: a crash came between the two, or a removal was cut short. */
  async clearOrphan(id: string): Promise<void> {
    const text = await readSmall(this.path(id, 'json'), MAX_SIDECAR_BYTES).catch(() => null);
    if (text !== null && isOurs(text)) await rm(this.path(id, 'json'), { force: true });
  }

  /** What another program removed needs no sidecar to be kept for. */
  forget(id: string): void {
    this.#unread.delete(id);
  }

  async #setAside(id: string): Promise<void> {
    try {
      const aside = await settleAside(this.path(id, 'json'));
      this.#log('warn', `the recipe of clip ${id} is damaged and was set aside`, { err: aside });
    } catch (error) {
      throw new ProtocolError('io_error', `clip ${id} could not be changed: ${diskReason(error)}`, { cause: error });
    }
    this.#unread.delete(id);
  }

  async #sidecarFromWav(id: string, bytes: number): Promise<Sidecar> {
    const [head, found] = await Promise.all([readHead(this.path(id), bytes), plainFile(this.path(id))]);
    const recipe = head?.info.comment === undefined ? null : readRecipe(head.info.comment);
    return {
      created: Math.floor(found?.time ?? 0),
      name: '',
      starred: false,
      seconds: head?.seconds ?? 0,
      recipe: recipe as ClipRecipe | null,
      codes: null,
      given: null,
      seeds: null,
      lineage: null,
      shape: null,
      delivery: null,
      origin: null,
      makers: null,
    };
  }
}
