import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { graphNames } from '../cards/graph-names.ts';
import type { VoiceCard } from '../cards/voice-card.ts';
import { exists, noFile } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { LogLine } from '../util/log-line.ts';
import { ShortageError, throwShortage, unlessShort } from '../util/shortage.ts';
import { isSafeId, unknownVoice } from './names.ts';
import { readVoice } from './read-voice.ts';
import type { Catalog, Voice } from './voice.ts';
import { WatchedFolders } from './watched-folders.ts';

interface Read {
  stamp: string;
  voice: Voice;
}

/** A voice that was looked at while its folders were watched. */
interface Sure {
  folders: WatchedFolders;
  /** Null until it was looked at once. */
  voice: Voice | null;
  lookedAt: number;
}

const SURE_MS = 1000;
/** Voices that are watched; of further ones the disk is asked each time. */
const MAX_WATCHED = 64;

export interface VoiceCatalogOptions {
  /** Folders of voice folders; the first that has a voice wins. */
  roots: string[];
  /** Id of the voice that is used where none is named. */
  active: () => string;
  /** Called once per voice and problem that keeps a voice out of the list. */
  log: LogLine;
  /** Milliseconds after which a voice is looked at though nobody told of a change: another machine may have made one. */
  sureMs?: number;
}

/**
 * Voices as folders with a card: one that changes on disk is another with the next request. One whose folders did not change
 * is not looked at again: busy servers spent an eighth of their time on it.
 */
export class VoiceCatalog implements Catalog {
  readonly #options: VoiceCatalogOptions;
  readonly #read = new Map<string, Read>();
  /** Voices that are being looked at, by id: a hundred requests at once need not look a hundred times. */
  readonly #looks = new Map<string, Promise<Voice>>();
  readonly #sure = new Map<string, Sure>();
  readonly #logged = new Set<string>();

  constructor(options: VoiceCatalogOptions) {
    this.#options = options;
  }

  get active(): string {
    return this.#options.active();
  }

  async list(): Promise<Voice[]> {
    const voices = new Map<string, Voice>();
    for (const root of this.#options.roots) {
      for (const id of await names(root)) {
        if (voices.has(id) || !isSafeId(id) || !(await exists(path.join(root, id, 'card.json')))) continue;
        try {
          voices.set(id, await this.#open(id, path.join(root, id)));
        } catch (error) {
          if (error instanceof ShortageError) throw error;
          this.#tell(`voice ${id} is not listed: ${(error as Error).message}`);
        }
      }
    }
    return [...voices.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async find(id: string = this.active): Promise<Voice> {
    if (!isSafeId(id)) throw unknownVoice(id);
    const going = this.#looks.get(id);
    // What was wrong may have been put right since that look began.
    if (going !== undefined) return going.catch(() => this.#find(id));
    const look = this.#findSure(id).finally(() => this.#looks.delete(id));
    this.#looks.set(id, look);
    return look;
  }

  async #findSure(id: string): Promise<Voice> {
    const sure = this.#sure.get(id);
    const isUnchanged = (await sure?.folders.areUnchanged()) === true;
    const lookedAt = performance.now();
    const { sureMs = SURE_MS } = this.#options;
    if (isUnchanged && sure?.voice != null && lookedAt - sure.lookedAt < sureMs) return sure.voice;
    const voice = await this.#find(id);
    const dirs = [...this.#options.roots, ...voice.models.map(({ dir }) => dir)];
    // Watched since before this look, so whatever came after it is known.
    if (sure?.folders.isOpen === true && sure.folders.dirs.join('\0') === dirs.join('\0'))
      Object.assign(sure, { voice, lookedAt });
    else this.#watch(id, dirs);
    return voice;
  }

  #watch(id: string, dirs: readonly string[]): void {
    this.#sure.get(id)?.folders.close();
    this.#sure.delete(id);
    if (this.#sure.size >= MAX_WATCHED) {
      for (const [other, { folders }] of this.#sure) if (!folders.isOpen) this.#sure.delete(other);
      if (this.#sure.size >= MAX_WATCHED) return;
    }
    const folders = new WatchedFolders(dirs);
    if (folders.isOpen) this.#sure.set(id, { folders, voice: null, lookedAt: 0 });
  }

  async #find(id: string): Promise<Voice> {
    const dirs = this.#options.roots.map((root) => path.join(root, id));
    for (const dir of dirs) if (await exists(path.join(dir, 'card.json'))) return this.#open(id, dir);
    // Only now: to list a folder takes a descriptor, and a voice that is known needs none.
    const all = (await Promise.all(dirs.map(names))).flat();
    if (all.some((name) => name.endsWith('.onnx')))
      throw new ProtocolError('voice_missing', `voice ${id} has no card.json`);
    if (id === this.active) throw new ProtocolError('voice_missing', `the active voice ${id} does not exist`);
    throw unknownVoice(id);
  }

  async #open(id: string, dir: string): Promise<Voice> {
    const file = path.join(dir, 'card.json');
    const found = await look(file, `the card of voice ${id}`);
    if (found === null) throw new ProtocolError('voice_missing', `voice ${id} has no card.json`);
    const stamp = `${found.mtimeMs} ${found.size}`;
    let read = this.#read.get(dir);
    if (read === undefined || read.stamp !== stamp) {
      read = { stamp, voice: await readVoice(id, dir) };
      this.#read.set(dir, read);
    }
    const { voice } = read;
    await Promise.all(voice.models.map((model) => checkGraphs(id, model.dir, model.card)));
    return voice;
  }

  #tell(message: string): void {
    if (this.#logged.size > 1000 || this.#logged.has(message)) return;
    this.#logged.add(message);
    this.#options.log('warn', message);
  }
}

/**
 * Sizes only: a graph cut short is found at once, and the engine compares the hashes when it loads them. All are looked at
 * together: one behind the other, each would wait for what the disk writes just then.
 */
async function checkGraphs(id: string, dir: string, { graphs }: VoiceCard): Promise<void> {
  const files = graphNames.flatMap((name) => {
    const graph = graphs[name];
    return graph === undefined ? [] : [{ name, ...graph }];
  });
  const looks = files.map(({ name, file }) => look(path.join(dir, file), `the ${name} graph of voice ${id}`));
  for (const [i, found] of (await Promise.all(looks)).entries()) {
    const { name, file, bytes } = files[i]!;
    if (found === null) throw new ProtocolError('voice_missing', `voice ${id}: its ${name} graph ${file} is missing`);
    if (found.size !== bytes) {
      throw new ProtocolError('voice_corrupt', `voice ${id}: ${file} has ${found.size} bytes, its card says ${bytes}`);
    }
  }
}

/** null where there is no such file; what cannot be looked at is not missing. Throws io_error. */
async function look(file: string, what: string): Promise<Stats | null> {
  try {
    return await stat(file).catch(noFile);
  } catch (error) {
    throwShortage(error, `${what} could not be read`);
    throw new ProtocolError('io_error', `${what} could not be read: ${diskReason(error)}`, { cause: error });
  }
}

async function names(dir: string): Promise<string[]> {
  return readdir(dir).catch(unlessShort([], 'the voices could not be listed'));
}
