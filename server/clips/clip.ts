import type { EnvelopeArg, SpectrumArg } from '../../protocol/index.ts';
import type { Shape } from '../audio/edit.ts';
import type { TrashItem } from '../util/trash.ts';

/** Everything needed to make the same clip again; it travels inside the WAV. */
export interface ClipRecipe {
  /** Hash of the voice. */
  voice: string;
  voiceId: string;
  /** Class name, or the weights of a mix by name. */
  class: string | Record<string, number>;
  /** One weight per class of the voice, in the order of class ids, summing to 1. */
  classWeights: number[];
  seed: number;
  temperature: number;
  topK: number;
  topP: number;
  /** 0, or none in recipes of older clips, is off. */
  guidance?: number;
  /** Guidance strengthened what it followed. */
  guideFollowed?: boolean;
  /** What it was led away from, and the weights of it, as `class` and `classWeights`. */
  avoid?: string | Record<string, number>;
  avoidWeights?: number[];
  /** The loudness that it was asked to follow. */
  envelope?: EnvelopeArg;
  /** The average spectrum that it was asked to follow. */
  spectrum?: SpectrumArg;
  /** Events per second that it was asked to have. */
  density?: number;
  /** Hz. */
  rate: number;
  /** The best of so many candidates, and its score. Its own seed is `seed`: it is made again alone. */
  chosen?: { of: number; score: number };
  /** The stream that it was cut from, by the arguments of `stream.start` that make it again, and its first sample there. */
  stream?: { offset: number; args: Record<string, unknown> };
}

/** Where a clip that was not made from nothing comes from. */
export interface Lineage {
  how: 'varied' | 'branched' | 'extended';
  /** The clip it was made from; null for a recording, codes that were sent, or a clip that was still being made. */
  from: string | null;
  /** Whether the first clip of the line was made from a recording. */
  recording?: boolean;
  /** Branched: the first row that is its own. */
  row?: number;
  /** Varied: how far, 0 to 1; or how many codebooks or rows were kept. */
  amount?: number;
  codebooks?: number;
  rows?: number;
  /** Varied: the only stretch that changed, in seconds; the sound beside it is that of `from`, and not of the codes. */
  stretch?: { from: number; to: number };
}

/** The one file that was delivered of a clip by itself. */
export interface Delivered {
  /** Below the folder of deliveries. */
  file: string;
  /** Milliseconds since 1970. */
  at: number;
  /** False from when its name was chosen until it was there. */
  done: boolean;
  /** Of the file; absent where an older server wrote it. */
  sha256?: string;
}

/** The job that a clip is one of, and which one: so nothing is made twice of a job that a restart cut short. */
export interface Origin {
  job: string;
  index: number;
}

/** A worker of a farm, and the fingerprint of its arithmetic. */
export interface Maker {
  worker: string;
  fingerprint: string;
}

export interface NewClip {
  /** Mono, nominally -1..1. */
  pcm: Float32Array;
  /** Hz. */
  rate: number;
  /** Samples of the file. */
  format: 'f32' | 's16';
  recipe: ClipRecipe;
  /** Of a person's; none by default. */
  name?: string;
  /**
   * Raster order; of a clip that is longer than the voice's those of its pieces, one after the other. Without them the
   * clip can only be made again by sampling.
   */
  codes?: Uint16Array;
  /** In the same order: 1 where the code was given and not drawn. */
  given?: Uint8Array;
  /** By which the pieces were drawn and rendered, where these do not follow from the recipe's. */
  seeds?: number[];
  lineage?: Lineage;
  shape?: Shape;
  origin?: Origin;
  /** Workers of a farm that made its pieces; none of a clip that was made here. */
  makers?: Maker[];
}

export interface SavedClip {
  /** 16 hexadecimal digits. */
  id: string;
  path: string;
  bytes: number;
}

/** A saved clip as lists show it. */
export interface ClipEntry extends SavedClip {
  /** Milliseconds since 1970. */
  created: number;
  /** Given by a person; empty without. */
  name: string;
  /** A starred clip stays, whatever the bounds. */
  starred: boolean;
  seconds: number;
  /** Null for a WAV that does not say what it is. */
  class: ClipRecipe['class'] | null;
  voiceId: string | null;
  seed: number | null;
  /** Whether it was delivered by itself. */
  delivered: boolean;
  /** Null where it is of no job that a restart survives. */
  origin: Origin | null;
  /** The clip that it was made from; null of one that was made from nothing, or from no clip. */
  from: string | null;
}

/** All that is known of a saved clip. */
export interface StoredClip extends ClipEntry {
  recipe: ClipRecipe | null;
  codes: Uint16Array | null;
  given: Uint8Array | null;
  seeds: number[] | null;
  lineage: Lineage | null;
  shape: Shape | null;
  delivery: Delivered | null;
  makers: Maker[] | null;
}

export interface ClipChange {
  name?: string;
  starred?: boolean;
  delivery?: Delivered;
}

export interface ClipQuery {
  /** Name of a class, in any case; a mix counts for each of its classes. */
  class?: string | undefined;
  starred?: boolean | undefined;
  /** The clip that they were made from. */
  of?: string | undefined;
  /** Part of the name, the class, the voice or the id, in any case. */
  text?: string | undefined;
  limit: number;
  /** Where the page before ended, from `next`. */
  after?: string | undefined;
}

export interface ClipPage {
  /** Newest first. */
  clips: ClipEntry[];
  /** How many match, on all pages. */
  total: number;
  /** Null on the last page. */
  next: string | null;
}

/** What handlers see of the clips on disk. */
export interface Clips {
  /** Writes a WAV and its recipe under a new id. Throws io_error. */
  save(clip: NewClip): Promise<SavedClip>;
  /** Null for an id that is not one, or whose clip is not there. */
  find(id: string): Promise<SavedClip | null>;
  list(query: ClipQuery): ClipPage;
  /** Those of a job, by index. */
  ofJob(job: string): Map<number, ClipEntry>;
  /** Throws unknown_clip. */
  get(id: string): Promise<StoredClip>;
  /** The WAV as it was saved. Throws unknown_clip or io_error. */
  read(id: string): Promise<Uint8Array>;
  /** Throws unknown_clip, io_error, or bad_args when as many are starred as may be kept. */
  change(id: string, change: ClipChange): Promise<StoredClip>;
  /** Moves it to the trash; resolves with null where it was deleted at once. Throws unknown_clip or io_error. */
  remove(id: string): Promise<TrashItem | null>;
  /** Restores what `remove` moved to the trash last. Throws unknown_clip or io_error. */
  restore(id: string): Promise<StoredClip>;
  /** What is known of a clip in the trash; null where it cannot be read. */
  trashed(item: TrashItem): Promise<Pick<StoredClip, 'name' | 'class'> | null>;
  /** Hears of every clip that is saved or changed. Returns the way to stop. */
  watch(listener: (entry: ClipEntry) => void): () => void;
}
