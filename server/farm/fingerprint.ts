import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type VoiceCard, voiceCardSchema } from '../cards/voice-card.ts';
import type { Engine, EngineRequest, EngineResult } from '../engine/engine.ts';
import { EngineError } from '../engine/errors.ts';
import { throwShortage } from '../util/shortage.ts';
import { version } from '../util/version.ts';
import { processorClass } from './arithmetic.ts';
import { bytesOf } from './recipe.ts';

/** By whom a clip of a voice is the same, bit for bit. */
export interface Fingerprint {
  /** 32 hexadecimal digits: the hash of all of the following. */
  id: string;
  /** SHA-256 of the voice's card, which has those of its graphs. */
  voice: string;
  /** Versions of foleyd and of ONNX Runtime. */
  engine: string;
  /** The execution provider and, of the CPU, its class, and how many threads render. */
  arithmetic: string;
  /** Hash of a clip that everybody makes of the same request. */
  canary: string;
}

/** A folder and the card in it. */
export interface ReadCard {
  dir: string;
  card: VoiceCard;
  sha256: string;
}

/** Throws voice_missing or voice_corrupt. */
export async function readCard(dir: string): Promise<ReadCard> {
  let text: Buffer;
  try {
    text = await readFile(path.join(dir, 'card.json'));
  } catch (cause) {
    throwShortage(cause, 'the card of the voice could not be read');
    throw new EngineError('voice_missing', 'the voice has no card.json', { cause });
  }
  try {
    const card = voiceCardSchema.parse(JSON.parse(text.toString('utf8')));
    return { dir, card, sha256: createHash('sha256').update(text).digest('hex') };
  } catch (cause) {
    throw new EngineError('voice_corrupt', 'the card of the voice cannot be read', { cause });
  }
}

/** Makes the clip of a voice by which engines are compared, and says what it and everything around it come to. */
async function fingerprintOf(engine: Engine, { dir, card, sha256 }: ReadCard): Promise<Fingerprint> {
  const result = await engine.run(canaryRequest(dir, card), () => undefined).done;
  const { provider, ortVersion, threads } = engine.info();
  const place = provider === 'cpu' ? `cpu ${await processorClass()}` : provider;
  // Measured: with two rendering threads the sound of the voices of models/fixtures has other bits than with one.
  const arithmetic = `${place} x${threads}`;
  const rest = { voice: sha256, engine: `foleyd ${version}, ort ${ortVersion}`, arithmetic, canary: clipHash(result) };
  const id = createHash('sha256')
    .update(JSON.stringify(Object.values(rest)))
    .digest('hex')
    .slice(0, 32);
  return { id, ...rest };
}

export function canaryRequest(voiceDir: string, { classes, audio }: VoiceCard): EngineRequest {
  // All classes a little: each row of the condition's weights has its part in it.
  const classWeights = classes.map(() => 1 / classes.length);
  return {
    voiceDir,
    classWeights,
    seed: 20_261_129,
    temperature: 1,
    topK: 0,
    topP: 1,
    guidance: 1,
    rate: audio.rate,
    previews: false,
  };
}

/** Equal for clips that are the same, bit for bit. */
export function clipHash({ codes, pcm }: Pick<EngineResult, 'codes' | 'pcm'>): string {
  return createHash('sha256').update(bytesOf(codes)).update(bytesOf(pcm)).digest('hex');
}

interface Known {
  stamp: string;
  /** When the card was looked at last. */
  at: number;
  fingerprint: Promise<Fingerprint>;
  /** Once it is there. */
  ready: Fingerprint | null;
}

/** A card that was looked at so many milliseconds ago is not looked at again: it would be, for each of hundreds of clips a second. */
const FRESH_MS = 500;

/** Fingerprints of the voices that an engine makes, each found once as long as its card looks the same. */
export class Fingerprints {
  readonly #engine: Engine;
  readonly #known = new Map<string, Known>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The fingerprint if it is known already; if not, null, and it is being found. */
  async known(dir: string): Promise<Fingerprint | null> {
    const known = await this.#find(dir);
    // Whoever needs it hears why there is none.
    known.fingerprint.catch(() => undefined);
    return known.ready;
  }

  /** Those that were found. */
  all(): Fingerprint[] {
    return [...this.#known.values()].flatMap(({ ready }) => ready ?? []);
  }

  /** Rejects with an EngineError. */
  async of(dir: string): Promise<Fingerprint> {
    return (await this.#find(dir)).fingerprint;
  }

  async #find(dir: string): Promise<Known> {
    const before = this.#known.get(dir);
    if (before !== undefined && performance.now() - before.at < FRESH_MS) return before;
    const file = await stat(path.join(dir, 'card.json')).catch(() => null);
    const stamp = file === null ? '' : `${file.mtimeMs} ${file.size} ${file.ino}`;
    if (before?.stamp === stamp) {
      before.at = performance.now();
      return before;
    }
    const known: Known = {
      stamp,
      at: performance.now(),
      ready: null,
      fingerprint: readCard(dir).then((card) => fingerprintOf(this.#engine, card)),
    };
    this.#known.set(dir, known);
    known.fingerprint.then(
      (fingerprint) => (known.ready = fingerprint),
      // The next one tries again.
      () => this.#known.get(dir) === known && this.#known.delete(dir),
    );
    return known;
  }
}
