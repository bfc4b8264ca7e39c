import type { Conditioning } from '../cards/conditioning.ts';
import type { VoiceCard } from '../cards/voice-card.ts';

/** A voice that can be used now: its card was read and its graphs are there in the size the card states. */
export interface Voice {
  id: string;
  /** Absolute path of the folder. */
  dir: string;
  name: string;
  /** SHA-256 over the graphs, in hex. */
  hash: string;
  classes: { id: number; name: string }[];
  /** Hz of the voice itself; any other rate is resampled. */
  rate: number;
  /** Frames of one clip at that rate. */
  samples: number;
  /** Classes the condition graph takes: one weight each. */
  classCount: number;
  /**
   * The folder that such clips are made from, their weights there, and the guidance that the voice there has for them
   * where none is given. A class that was not trained is made by the voice this one was made of, which it carries along:
   * it stays what it was, bit for bit.
   */
  modelFor(conditioning: Conditioning): Conditioning & { voiceDir: string; guidance: number; guideFollowed: boolean };
  /** Itself, and the voices it carries along. */
  models: readonly Pick<Voice, 'dir' | 'classCount' | 'rate' | 'card'>[];
  /** The card as it was read, every key kept. */
  card: VoiceCard;
}

/** What handlers see of the voices on disk. */
export interface Catalog {
  /** Id of the voice used by requests that name none. */
  readonly active: string;
  /** Every voice that can be used, by id. */
  list(): Promise<Voice[]>;
  /** Throws unknown_voice, voice_missing or voice_corrupt. */
  find(id?: string): Promise<Voice>;
}
