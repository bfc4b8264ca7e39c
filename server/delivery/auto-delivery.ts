import path from 'node:path';
import { type Args, type EventData, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { ClipEntry, Clips } from '../clips/clip.ts';
import { digestOf, isThere } from '../util/file-digest.ts';
import type { LogLine } from '../util/log-line.ts';
import { PersistentFile } from '../util/persistent-file.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import { type AutoDeliveryRule, isWanted, ruleFrom } from './auto-delivery-rule.ts';
import { checkSettings, type Delivery } from './delivery.ts';
import type { Folder } from './folder.ts';

export type AutoDeliveryState = EventData<'deliver.info', 'done'>;

export interface AutoDeliveryOptions {
  clips: Pick<Clips, 'get' | 'list' | 'change' | 'watch'>;
  delivery: Pick<Delivery, 'make'>;
  /** The folder that the owner named; null without. */
  folder: Folder | null;
  /** Where the rule is kept. */
  file: string;
  log: LogLine;
}

/** Until the first try again after a folder or a disk failed; twice as long until each further one. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** What a folder or its disk says while it is gone or full, and a machine without descriptors; such a clip waits, and any other fault is the clip's own. */
const LASTING = new Set(['io_error', 'no_room', 'out_of_resources']);
/** Clips looked at in one page, when a server starts or the rule changes. */
const PAGE = 500;

/**
 * Delivers saved clips automatically, each exactly once. The clip's sidecar records the file name before the file
 * appears, and its completion afterwards, so that a crash in between causes no duplicate, and a file that the
 * receiver takes away is not delivered again.
 */
export class AutoDelivery {
  readonly #options: AutoDeliveryOptions;
  readonly #file: PersistentFile;
  #rule: AutoDeliveryRule = ruleFrom({ on: false });
  #opened: Promise<void> | null = null;
  /** Changes of the rule one after the other. */
  readonly #changes = new SerialQueue();
  /** Clips whose turn comes, the oldest first. */
  readonly #queue = new Set<string>();
  #working: Promise<void> | null = null;
  /** Whether nothing is left in the folder that an earlier server did not finish. */
  #isClean = false;
  #stopped = false;
  #retry: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopWatching: () => void = () => undefined;
  #delivered = 0;
  #last: string | null = null;
  #problem: string | null = null;

  constructor(options: AutoDeliveryOptions) {
    this.#options = options;
    this.#file = new PersistentFile(options.file, options.log);
    if (options.folder !== null) this.#stopWatching = options.clips.watch((entry) => this.#consider(entry));
  }

  /** Takes up what was wished before: resolves when the rule is known, and delivers from then on. Who names a folder and nothing else wants every clip that is saved from then on. */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<void> {
    if (this.#options.folder === null) return;
    const kept = await this.#file.read((text) => ruleFrom(JSON.parse(text)));
    // A rule that cannot be read may have been to deliver nothing.
    if (kept === null && this.#file.isUnread) return;
    const rule = kept ?? ruleFrom({ on: true });
    // What an earlier version kept is a time of the machine's clock, which may have been ahead.
    this.#rule = { ...rule, since: Math.min(kept?.since ?? Number.POSITIVE_INFINITY, this.#fromNow()) };
    // Kept, so that the next start knows what was saved since this one.
    if (kept === null)
      await this.#save(this.#rule).catch((error: unknown) => {
        this.#options.log('warn', 'the rule of deliveries could not be saved', { err: error });
      });
    // The folder may be on a disk that does not answer.
    this.#begin();
  }

  /** Changes what is to be delivered from now on; what is not named stays. Throws no_delivery, bad_args, io_error. */
  set(change: Args<'deliver.set'>): Promise<AutoDeliveryState> {
    return this.#changes.run(() => this.#set(change));
  }

  async #set({ earlier, reset, settings, ...given }: Args<'deliver.set'>): Promise<AutoDeliveryState> {
    const { folder } = this.#options;
    if (folder === null) throw new ProtocolError('no_delivery');
    await this.open();
    const before = reset ? ruleFrom({ on: false }) : this.#rule;
    const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const rule: AutoDeliveryRule = {
      ...before,
      ...named,
      settings: { ...before.settings, ...settings },
      since: earlier ? 0 : this.#rule.on ? this.#rule.since : this.#fromNow(),
    };
    checkSettings(rule.settings);
    // Made now, so that a wrong one is told to whoever asked.
    if (rule.on) await folder.clean(rule.folder);
    await this.#save(rule).catch((error: unknown) => {
      throw new ProtocolError('io_error', `it could not be saved: ${(error as Error).message}`, { cause: error });
    });
    this.#rule = rule;
    this.#problem = null;
    this.#queue.clear();
    this.#begin();
    return this.info();
  }

  /** After every clip that is saved. */
  #fromNow(): number {
    const [newest] = this.#options.clips.list({ limit: 1 }).clips;
    return (newest?.created ?? 0) + 1;
  }

  #save(rule: AutoDeliveryRule): Promise<void> {
    return this.#file.write(`${JSON.stringify(rule, null, 2)}\n`);
  }

  info(): AutoDeliveryState {
    const { on, folder, starred, classes, settings } = this.#rule;
    return {
      on,
      root: this.#options.folder?.root ?? null,
      folder,
      starred,
      classes,
      settings: { ...settings },
      delivered: this.#delivered,
      waiting: this.#queue.size,
      last: this.#last,
      problem: this.#problem,
    };
  }

  /** Lets the file that is being written come to its end. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#stopWatching();
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#working;
  }

  #begin(): void {
    const { folder, clips } = this.#options;
    if (!this.#rule.on || folder === null) return;
    this.#isClean = false;
    const found: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = clips.list({ limit: PAGE, after });
      for (const entry of page.clips) if (isWanted(entry, this.#rule)) found.push(entry.id);
      if (page.next === null) break;
      after = page.next;
    }
    for (const id of found.reverse()) this.#queue.add(id);
    this.#work();
  }

  #consider(entry: ClipEntry): void {
    if (!isWanted(entry, this.#rule)) return;
    this.#queue.add(entry.id);
    this.#work();
  }

  #work(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#working ??= this.#workOff().finally(() => {
      this.#working = null;
      if (this.#queue.size > 0 && this.#retry === null && !this.#stopped) this.#work();
    });
  }

  async #workOff(): Promise<void> {
    try {
      if (!this.#isClean) await this.#options.folder?.clean(this.#rule.folder);
      this.#isClean = true;
    } catch (error) {
      return this.#postpone(error);
    }
    for (const id of this.#queue) {
      if (this.#stopped) return;
      try {
        await this.#deliver(id);
        this.#failures = 0;
      } catch (error) {
        if (LASTING.has(toProtocolError(error).code)) {
          // Behind the others: it may be the clip's own file that cannot be read.
          this.#queue.delete(id);
          this.#queue.add(id);
          return this.#postpone(error);
        }
        this.#fail(error);
      }
      this.#queue.delete(id);
    }
  }

  /** Tries what waits again, later each time. */
  #postpone(error: unknown): void {
    this.#fail(error);
    this.#isClean = false;
    if (this.#stopped) return;
    const wait = Math.min(RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures = Math.min(this.#failures + 1, 20);
    this.#retry = setTimeout(() => this.#work(), wait);
    this.#retry.unref();
  }

  async #deliver(id: string): Promise<void> {
    const { clips, delivery, folder } = this.#options;
    // It may be gone, or be another's to deliver, by now. One that cannot be read may have been delivered.
    const clip = await clips.get(id).catch((error: unknown) => {
      if (toProtocolError(error).code === 'unknown_clip') return null;
      throw error;
    });
    if (clip === null || folder === null || !isWanted({ ...clip, delivered: clip.delivery?.done === true }, this.#rule))
      return;
    const begun = clip.delivery;
    if (begun !== null && (await isThere(path.join(folder.root, begun.file), begun.sha256))) {
      await clips.change(id, { delivery: { ...begun, done: true } });
      return;
    }
    const { folder: below, settings } = this.#rule;
    const made = await delivery.make(id, settings);
    const named = (file: string): { file: string; at: number } => ({
      file: path.relative(folder.root, file).split(path.sep).join('/'),
      at: Date.now(),
    });
    const sha256 = digestOf(made.bytes);
    const file = await folder.put(below, made.stem, made.ending, made.bytes, async (place) => {
      await clips.change(id, { delivery: { ...named(place), sha256, done: false } });
    });
    await clips.change(id, { delivery: { ...named(file), sha256, done: true } });
    this.#delivered += 1;
    this.#last = file;
    this.#problem = null;
  }

  #fail(error: unknown): void {
    const { code, message } = toProtocolError(error);
    const problem = `${code}: ${message}`;
    // One that lasts is told once.
    if (problem !== this.#problem) this.#options.log('warn', 'delivering a clip failed', { err: error });
    this.#problem = problem;
  }
}
