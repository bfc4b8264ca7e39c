import type { EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';
import { takes } from './takes.svelte.ts';
import { spokenClass } from './voices.svelte.ts';

export type Entry = EventData<'clip.list', 'done'>['clips'][number];

/** Clips of one request. */
const PAGE = 100;
const MAX_AT_ONCE = 500;
const UNDO_MS = 7000;

/** Saved clips as a filter lists them, page by page, and what is done to one of them. */
export class Library {
  text = $state('');
  ofClass = $state('');
  onlyStarred = $state(false);
  total = $state(0);
  /** The list was read once, so that an empty one is known to be empty. */
  isRead = $state(false);
  /** Counts deletions that were done. */
  deleted = $state(0);
  #clips = $state<Entry[]>([]);
  #next = $state<string | null>(null);
  /** Clips whose deletion can still be undone. */
  #leaving = $state<string[]>([]);
  #asking = false;
  #asked = 0;

  shown = $derived(this.#clips.filter(({ clip }) => !this.#leaving.includes(clip)));

  get isFiltered(): boolean {
    return this.text !== '' || this.ofClass !== '' || this.onlyStarred;
  }

  /** Reads the list from its beginning; what was read of it before stays listed. */
  async read(): Promise<void> {
    await this.#read(true);
  }

  /** Reads on where `line` comes near the end of what is there. */
  readUpTo(line: number): void {
    if (this.#next !== null && line > this.#clips.length - 20 && !this.#asking) void this.#read(false);
  }

  async #read(anew: boolean): Promise<void> {
    this.#asking = true;
    const order = ++this.#asked;
    const filter = {
      ...(this.text.trim() === '' ? {} : { text: this.text.trim() }),
      ...(this.ofClass === '' ? {} : { class: this.ofClass }),
      ...(this.onlyStarred ? { starred: true } : {}),
    };
    const limit = anew ? Math.min(MAX_AT_ONCE, Math.max(PAGE, this.#clips.length)) : PAGE;
    const after = anew || this.#next === null ? {} : { after: this.#next };
    try {
      const page = await link.call('clip.list', { ...filter, limit, ...after });
      if (order !== this.#asked) return;
      this.#clips = anew ? page.clips : [...this.#clips, ...page.clips];
      this.total = page.total;
      this.#next = page.next;
      this.isRead = true;
    } catch (error) {
      notices.fail('Could not list the clips', error);
    } finally {
      if (order === this.#asked) this.#asking = false;
    }
  }

  async star(entry: Entry): Promise<void> {
    this.#change(entry.clip, { starred: !entry.starred });
    try {
      await link.call('clip.star', { clip: entry.clip, starred: !entry.starred });
    } catch (error) {
      this.#change(entry.clip, { starred: entry.starred });
      notices.fail('Could not star it', error);
    }
  }

  async rename(entry: Entry, name: string): Promise<void> {
    if (name === entry.name) return;
    this.#change(entry.clip, { name });
    try {
      await link.call('clip.rename', { clip: entry.clip, name });
    } catch (error) {
      this.#change(entry.clip, { name: entry.name });
      notices.fail('Could not rename it', error);
    }
  }

  /** Nothing is deleted before the offer to undo it is gone. Gives the clip that takes its place in the list. */
  remove(entry: Entry): Entry | undefined {
    if (entry.starred) {
      notices.say('This clip is starred. Unstar it before deleting it.');
      return undefined;
    }
    const at = this.shown.findIndex(({ clip }) => clip === entry.clip);
    this.#leaving = [...this.#leaving, entry.clip];
    const timer = setTimeout(() => void this.#delete(entry.clip), UNDO_MS);
    const undo = (): void => {
      clearTimeout(timer);
      this.#stays(entry.clip);
    };
    const name = entry.name || spokenClass(entry.class);
    notices.say(`${name} will be deleted in a few seconds.`, { label: 'Undo', run: undo }, UNDO_MS);
    return this.shown[at] ?? this.shown[at - 1];
  }

  async #delete(clip: string): Promise<void> {
    try {
      await link.call('clip.delete', { clip });
      takes.forget(clip);
      this.#clips = this.#clips.filter((one) => one.clip !== clip);
      this.total -= 1;
      this.deleted += 1;
    } catch (error) {
      notices.fail('Could not delete it', error);
    }
    this.#stays(clip);
  }

  #stays(clip: string): void {
    this.#leaving = this.#leaving.filter((one) => one !== clip);
  }

  #change(clip: string, to: Partial<Entry>): void {
    this.#clips = this.#clips.map((entry) => (entry.clip === clip ? { ...entry, ...to } : entry));
  }
}

/** The list of the Choose view, kept while another view is shown. */
export const library = new Library();
