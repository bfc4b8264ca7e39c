import { link } from './link.svelte.ts';
import { type Mel, melOf } from './spectrogram.ts';

export interface Sound {
  pcm: Float32Array;
  rate: number;
}

/** Sounds and pictures of saved clips that are kept in memory: the last that were wanted. */
const [MAX_SOUNDS, MAX_MELS] = [16, 200];
/** Clips that are fetched at the same time. */
const AT_ONCE = 3;

class Kept<T> {
  readonly #max: number;
  readonly #all = new Map<string, Promise<T>>();

  constructor(most: number) {
    this.#max = most;
  }

  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#all.get(key) ?? make();
    this.#all.delete(key);
    this.#all.set(key, known);
    known.catch(() => this.#all.delete(key));
    if (this.#all.size > this.#max) this.#all.delete(this.#all.keys().next().value!);
    return known;
  }
}

const sounds = new Kept<Sound>(MAX_SOUNDS);
const mels = new Kept<Mel>(MAX_MELS);
let fetching = 0;
const queue: (() => void)[] = [];

async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (fetching >= AT_ONCE) await new Promise<void>((go) => queue.push(go));
  fetching += 1;
  try {
    return await work();
  } finally {
    fetching -= 1;
    queue.shift()?.();
  }
}

/** The WAV of a saved clip, as bytes. Rejects with why not. */
export async function fetchClip(clip: string): Promise<ArrayBuffer> {
  const response = await fetch(`/clips/${clip}.wav`, { headers: link.headers });
  if (!response.ok) throw new Error(response.status === 404 ? 'the clip no longer exists' : response.statusText);
  return response.arrayBuffer();
}

/** The rate that a WAV states. Its format need not be the first chunk: what describes a broadcast WAV stands before. */
function rateOf(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  for (let at = 12; at + 16 <= bytes.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    // "fmt "
    if (view.getUint32(at, false) === 0x666d7420) return view.getUint32(at + 12, true);
    at += 8 + size + (size % 2);
  }
  throw new Error('the file is no WAV');
}

/** The samples of a saved clip. */
export function soundOf(clip: string): Promise<Sound> {
  return sounds.get(clip, () =>
    turn(async () => {
      const bytes = await fetchClip(clip);
      // Decoding at another rate would resample it.
      const rate = rateOf(bytes);
      const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
      return { pcm: buffer.getChannelData(0), rate };
    }),
  );
}

/** The spectrogram of a saved clip. */
export function melOfClip(clip: string): Promise<Mel> {
  return mels.get(clip, async () => {
    const { pcm, rate } = await soundOf(clip);
    return melOf(pcm.slice(), rate);
  });
}

/** Hands a file to the person at the browser. */
export function saveAs(name: string, bytes: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
