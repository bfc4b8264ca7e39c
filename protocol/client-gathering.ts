import { type Sound, SoundAssembler } from './client-audio.ts';
import type { EventData } from './commands/index.ts';
import { ProtocolError } from './errors.ts';

type Told<E extends 'accepted' | 'row' | 'preview' | 'audio' | 'done'> = EventData<'foley.generate', E>;

export interface GenerateListeners {
  onAccepted?: (data: Told<'accepted'>) => void;
  onRow?: (data: Told<'row'>) => void;
  onPreview?: (data: Told<'preview'>) => void;
  onAudio?: (data: Told<'audio'>) => void;
}

export type GeneratedClip = Told<'done'>['clips'][number] & { sound: Sound | null };

/** `done`, each clip with its sound; null when `audio` was off. */
export type Generated = Omit<Told<'done'>, 'clips'> & { clips: GeneratedClip[] };

/** Assembles the events of one job. After a reconnection the server sends all of them again; each is passed on once. */
export class Gathering {
  readonly #listeners: GenerateListeners;
  readonly #sounds = new SoundAssembler();
  readonly #heard = new Set<string>();
  #fault: unknown = null;
  #job: string | null = null;

  constructor(listeners: GenerateListeners) {
    this.#listeners = listeners;
  }

  /** Job id, once it was accepted. */
  get job(): string | null {
    return this.#job;
  }

  readonly hear = (event: string, data: Record<string, unknown>): void => {
    const key = `${event} ${data.index} ${data.row ?? data.codebooks ?? data.offset} ${data.seconds ?? ''}`;
    if (this.#heard.has(key)) return;
    this.#heard.add(key);
    const { onAccepted, onRow, onPreview, onAudio } = this.#listeners;
    if (event === 'accepted') {
      const accepted = data as Told<'accepted'>;
      this.#job = accepted.job;
      onAccepted?.(accepted);
    }
    if (event === 'row') onRow?.(data as Told<'row'>);
    if (event === 'preview') onPreview?.(data as Told<'preview'>);
    if (event !== 'audio') return;
    const audio = data as Told<'audio'>;
    onAudio?.(audio);
    try {
      this.#sounds.add(audio);
    } catch (error) {
      this.#fault ??= error;
    }
  };

  /** Throws malformed where the sound did not come whole, or an event has not what it must have. */
  finish(done: Told<'done'>): Generated {
    try {
      if (this.#fault !== null) throw this.#fault;
      return { ...done, clips: done.clips.map((clip) => ({ ...clip, sound: this.#sounds.take(clip.index) })) };
    } catch (cause) {
      if (cause instanceof ProtocolError) throw cause;
      throw new ProtocolError('malformed', 'the server sent an answer that is none of foley.generate', { cause });
    }
  }
}
