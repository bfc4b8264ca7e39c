import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { graphNames } from '../cards/graph-names.ts';
import { defaultGuidance, defaultGuideFollowed } from '../cards/guidance.ts';
import { cardProblem, type VoiceCard, voiceCardSchema } from '../cards/voice-card.ts';
import { exists, noFile } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { LogLine } from '../util/log-line.ts';
import { BASE, isSafeId, MAX_BASES, unknownVoice } from './names.ts';
import type { Catalog, Voice } from './voice.ts';

/** A card is text; what is larger is no card. */
const MAX_CARD_BYTES = 4 * 2 ** 20;

interface Base {
  voice: Voice;
  /** Ids of the classes it still makes. */
  kept: ReadonlySet<number>;
}

interface Read {
  stamp: string;
  voice: Voice;
}

export interface VoiceCatalogOptions {
  /** Folders of voice folders; the first that has a voice wins. */
  roots: string[];
  /** Id of the voice that is used where none is named. */
  active: () => string;
  /** Called once per voice and problem that keeps a voice out of the list. */
  log: LogLine;
}

/** Voices as folders with a card. Nothing is held open: a voice that is repaired on disk works with the next request. */
export class VoiceCatalog implements Catalog {
  readonly #options: VoiceCatalogOptions;
  readonly #read = new Map<string, Read>();
  /** Voices that are being looked at, by id: a hundred requests at once need not look a hundred times. */
  readonly #looks = new Map<string, Promise<Voice>>();
  readonly #logged = new Set<string>();

  constructor(options: VoiceCatalogOptions) {
    this.#options = options;
  }

  get active(): string {
    return this.#options.active();
  }

  async list(): Promise<Voice[]> {
    const voices = new Map<string, Voice>();
    for (const root of this.#options.roots) {
      for (const id of await names(root)) {
        if (voices.has(id) || !isSafeId(id) || !(await exists(path.join(root, id, 'card.json')))) continue;
        try {
          voices.set(id, await this.#open(id, path.join(root, id)));
        } catch (error) {
          this.#tell(`voice ${id} is not listed: ${(error as Error).message}`);
        }
      }
    }
    return [...voices.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async find(id: string = this.active): Promise<Voice> {
    if (!isSafeId(id)) throw unknownVoice(id);
    const going = this.#looks.get(id);
    // What was wrong may have been put right since that look began.
    if (going !== undefined) return going.catch(() => this.#find(id));
    const look = this.#find(id).finally(() => this.#looks.delete(id));
    this.#looks.set(id, look);
    return look;
  }

  async #find(id: string): Promise<Voice> {
    let folder: string | null = null;
    for (const root of this.#options.roots) {
      const dir = path.join(root, id);
      if (await exists(path.join(dir, 'card.json'))) return this.#open(id, dir);
      if (folder === null && (await names(dir)).some((name) => name.endsWith('.onnx'))) folder = dir;
    }
    if (folder !== null) throw new ProtocolError('voice_missing', `voice ${id} has no card.json`);
    if (id === this.active) throw new ProtocolError('voice_missing', `the active voice ${id} does not exist`);
    throw unknownVoice(id);
  }

  async #open(id: string, dir: string): Promise<Voice> {
    const file = path.join(dir, 'card.json');
    const found = await look(file, `the card of voice ${id}`);
    if (found === null) throw new ProtocolError('voice_missing', `voice ${id} has no card.json`);
    const stamp = `${found.mtimeMs} ${found.size}`;
    let read = this.#read.get(dir);
    if (read === undefined || read.stamp !== stamp) {
      read = { stamp, voice: await readVoice(id, dir) };
      this.#read.set(dir, read);
    }
    const { voice } = read;
    await Promise.all(voice.models.map((model) => checkGraphs(id, model.dir, model.card)));
    return voice;
  }

  #tell(message: string): void {
    if (this.#logged.size > 1000 || this.#logged.has(message)) return;
    this.#logged.add(message);
    this.#options.log('warn', message);
  }
}

/** The voice in a folder, with those it carries along. Throws voice_corrupt. */
export async function readVoice(id: string, dir: string, depth = 0): Promise<Voice> {
  const corrupt = (why: string, cause?: unknown): ProtocolError => {
    return new ProtocolError('voice_corrupt', `the card of voice ${id} cannot be read: ${why}`, { cause });
  };
  const file = path.join(dir, 'card.json');
  let json: unknown;
  try {
    if ((await stat(file)).size > MAX_CARD_BYTES) throw corrupt('it is too large');
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw corrupt(error instanceof SyntaxError ? 'it is not JSON' : 'it is not readable', error);
  }
  const parsed = voiceCardSchema.safeParse(json);
  if (!parsed.success) {
    throw corrupt(cardProblem(parsed.error), parsed.error);
  }
  const card = parsed.data;
  const base = await readBase(card);
  const voice: Voice = {
    id,
    dir,
    name: card.name,
    hash: card.hash,
    classes: card.classes.map((entry) => ({ id: entry.id, name: entry.name })),
    rate: card.audio.rate,
    samples: card.audio.samples,
    classCount: card.classes.length,
    // The trained prior makes what was trained, and mixes with it.
    modelFor: (conditioning) => {
      const all = [conditioning.classWeights, conditioning.avoid ?? []];
      if (base === null || all.some((weights) => weights.some((weight, id) => weight > 0 && !base.kept.has(id))))
        return {
          guidance: defaultGuidance(card, conditioning.classWeights),
          guideFollowed: defaultGuideFollowed(card, conditioning.classWeights),
          ...conditioning,
          voiceDir: dir,
        };
      const [classWeights, avoid] = all.map((weights) => weights.slice(0, base.voice.classCount));
      return base.voice.modelFor({
        ...conditioning,
        classWeights: classWeights!,
        ...(conditioning.avoid === undefined ? {} : { avoid: avoid! }),
      });
    },
    models: [],
    card,
  };
  voice.models = [voice, ...(base?.voice.models ?? [])];
  return voice;

  async function readBase({ classes, retrained }: VoiceCard): Promise<Base | null> {
    const { base: origin, kept = [] } = retrained ?? { base: null };
    if (origin === null || kept.length === 0 || !(await exists(path.join(dir, BASE, 'card.json')))) return null;
    if (depth === MAX_BASES) throw corrupt(`it embeds more than ${MAX_BASES} base voices, one in the other`);
    const voice = await readVoice(id, path.join(dir, BASE), depth + 1);
    if (voice.hash !== origin.hash)
      throw corrupt(`the voice in its folder ${BASE} does not match card.retrained.base.hash`);
    if (voice.classes.some(({ id, name }) => !classes.some((own) => own.id === id && own.name === name)))
      throw corrupt('it lacks classes of its base voice');
    return { voice, kept: new Set(voice.classes.filter(({ name }) => kept.includes(name)).map(({ id }) => id)) };
  }
}

/**
 * Sizes only: a graph cut short is found at once, and the engine compares the hashes when it loads them. All are looked at
 * together: one behind the other, each would wait for what the disk writes just then.
 */
async function checkGraphs(id: string, dir: string, { graphs }: VoiceCard): Promise<void> {
  const files = graphNames.flatMap((name) => {
    const graph = graphs[name];
    return graph === undefined ? [] : [{ name, ...graph }];
  });
  const looks = files.map(({ name, file }) => look(path.join(dir, file), `the ${name} graph of voice ${id}`));
  for (const [i, found] of (await Promise.all(looks)).entries()) {
    const { name, file, bytes } = files[i]!;
    if (found === null) throw new ProtocolError('voice_missing', `voice ${id}: its ${name} graph ${file} is missing`);
    if (found.size !== bytes) {
      throw new ProtocolError('voice_corrupt', `voice ${id}: ${file} has ${found.size} bytes, its card says ${bytes}`);
    }
  }
}

/** null where there is no such file; what cannot be looked at is not missing. Throws io_error. */
async function look(file: string, what: string): Promise<Stats | null> {
  try {
    return await stat(file).catch(noFile);
  } catch (error) {
    throw new ProtocolError('io_error', `${what} could not be read: ${diskReason(error)}`, { cause: error });
  }
}

async function names(dir: string): Promise<string[]> {
  return readdir(dir).catch(() => []);
}
