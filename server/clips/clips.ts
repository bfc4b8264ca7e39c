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
  /** Hz. */
  rate: number;
}

export interface NewClip {
  /** Mono, nominally -1..1. */
  pcm: Float32Array;
  /** Hz. */
  rate: number;
  /** Samples of the file. */
  format: 'f32' | 's16';
  recipe: ClipRecipe;
}

export interface SavedClip {
  /** 16 hexadecimal digits. */
  id: string;
  path: string;
  bytes: number;
}

/** What handlers see of the clips on disk. */
export interface Clips {
  /** Writes a WAV under a new id. Throws io_error. */
  save(clip: NewClip): Promise<SavedClip>;
  /** Null for an id that is not one, or whose clip is not there. */
  find(id: string): Promise<SavedClip | null>;
}
