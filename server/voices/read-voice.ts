import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { defaultGuidance, defaultGuideFollowed } from '../cards/guidance.ts';
import { cardProblem, type VoiceCard, voiceCardSchema } from '../cards/voice-card.ts';
import { exists } from '../util/atomic-file.ts';
import { throwShortage } from '../util/shortage.ts';
import { BASE, MAX_BASES } from './names.ts';
import type { Voice } from './voice.ts';

/** A card is text; what is larger is no card. */
const MAX_CARD_BYTES = 4 * 2 ** 20;

interface Base {
  voice: Voice;
  /** Ids of the classes it still makes. */
  kept: ReadonlySet<number>;
}

/** The voice in a folder, with those it carries along. Throws voice_corrupt, out_of_resources. */
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
    throwShortage(error, `the card of voice ${id} could not be read`);
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
