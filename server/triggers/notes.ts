import type { TriggerMap } from '../../protocol/index.ts';
import type { Played } from '../playback/playback.ts';

/** A hit that sounds, or will. */
export interface Note {
  readonly map: TriggerMap;
  /** Milliseconds since 1970 for which it was asked; -Infinity when it was asked for at once. */
  readonly asked: number;
  /** Null while its clip is being made. */
  played: Played | null;
  /** It has ended before it could sound. */
  over: boolean;
}

/**
 * Every hit that has not ended, of maps that are there and of maps that are not any more: whatever becomes of a map,
 * what it holds can be ended.
 */
export class Notes {
  readonly #open = new Set<Note>();

  begin(map: TriggerMap, at: number | null): Note {
    const note: Note = { map, asked: at ?? Number.NEGATIVE_INFINITY, played: null, over: false };
    this.#open.add(note);
    return note;
  }

  sounds(note: Note, played: Played): void {
    note.played = played;
    void played.ended.then(() => this.#open.delete(note));
  }

  /** It will not sound. */
  drop(note: Note): void {
    this.#open.delete(note);
  }

  /** What gates and loops of a map hold that were to begin by then. */
  held(id: string, by: number): Note[] {
    return [...this.#open].filter(({ map, asked }) => map.id === id && map.mode !== 'shot' && asked <= by);
  }

  /** By voice or map; without either all of them. */
  of(what: { voice?: number | undefined; id?: string | undefined }): Note[] {
    return [...this.#open].filter(({ map, played }) => {
      return (what.id ?? map.id) === map.id && (what.voice === undefined || played?.voice === what.voice);
    });
  }
}
