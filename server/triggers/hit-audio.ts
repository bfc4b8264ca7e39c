import type { ClipPart } from './generator.ts';

/** How the samples of a hit sound: what the output does to them, somebody who hears them elsewhere needs done, too. */
export interface Shape {
  /** Linear. */
  gain: number;
  /** Speed, pitch with it. */
  speed: number;
  /** Seconds of the clip; null is all of it. */
  length: number | null;
  /** Seconds. */
  fadeIn: number;
  fadeOut: number;
  loop: boolean;
}

/** Samples of a hit, faded and cut as the output fades and cuts them. */
export interface HeardPart {
  offset: number;
  /** Of the whole. */
  total: number;
  /** Hz at which they sound as the output plays them. */
  rate: number;
  gain: number;
  loop: boolean;
  pcm: Float32Array;
}

/** Sends the samples of one hit to a client. Parts of a clip that is still being generated wait until it starts. */
export class HitAudio {
  /** The output plays it, too. */
  readonly plays: boolean;
  /** Resolves when all was sent. */
  readonly ended: Promise<void>;
  readonly #send: (part: HeardPart) => void;
  readonly #early: ClipPart[] = [];
  #shape: Shape | null = null;
  #end: () => void = () => undefined;

  constructor(plays: boolean, send: (part: HeardPart) => void) {
    [this.plays, this.#send] = [plays, send];
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  begin(shape: Shape): void {
    this.#shape = shape;
    for (const part of this.#early.splice(0)) this.part(part);
  }

  part(part: ClipPart): void {
    if (this.#shape === null) this.#early.push(part);
    else for (const piece of piecesOf(shaped(part, this.#shape))) this.#send(piece);
  }

  /** No other part will come. */
  end(): void {
    this.#end();
  }
}

/** Samples of the first piece, which sounds while the others are on their way, and of each other. */
const [FIRST, EACH] = [4096, 32_768];

/** A part in pieces: all of a clip in one message would be heard only after all of it was encoded, sent and decoded. */
function* piecesOf(part: HeardPart): Generator<HeardPart> {
  const { offset, pcm } = part;
  for (let from = 0; from < pcm.length || from === 0; ) {
    const to = from + (offset + from === 0 ? FIRST : EACH);
    yield { ...part, offset: offset + from, pcm: pcm.subarray(from, to) };
    from = to;
  }
}

function shaped({ offset, total: all, rate, pcm: whole }: ClipPart, shape: Shape): HeardPart {
  const { gain, speed, length, fadeIn, fadeOut, loop } = shape;
  const total = length === null ? all : Math.min(all, Math.round(length * rate));
  const pcm = whole.slice(0, Math.max(0, total - offset));
  // Fades last so long as they are heard.
  const [rise, fall] = [fadeIn * rate * speed, loop ? 0 : fadeOut * rate * speed];
  for (let i = 0; i < pcm.length; i++) {
    const at = offset + i;
    if (at < rise) pcm[i]! *= at / rise;
    if (total - at < fall) pcm[i]! *= (total - at) / fall;
  }
  return { offset, total, rate: Math.round(rate * speed), gain, loop, pcm };
}
