import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { cardProblem, type VoiceCard, voiceCardSchema } from '../../cards/voice-card.ts';
import { throwShortage } from '../../util/shortage.ts';
import { EngineError } from '../errors.ts';

/** Throws voice_corrupt, naming what is wrong and where. */
export function parseCard(text: string): VoiceCard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new EngineError('voice_corrupt', 'card.json is not JSON', { cause: error });
  }
  const parsed = voiceCardSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new EngineError('voice_corrupt', `card.json: ${cardProblem(parsed.error)}`);
}

/** The text of a voice's card. Throws voice_missing. */
export async function readCardText(voiceDir: string): Promise<string> {
  return readFile(fileOf(voiceDir), 'utf8').catch((error: unknown) => missing(voiceDir, error));
}

/** Another one for each change of the card: to look takes a sixth of the time of reading it. Throws voice_missing. */
export async function cardStamp(voiceDir: string): Promise<string> {
  const found = await stat(fileOf(voiceDir), { bigint: true }).catch((error: unknown) => missing(voiceDir, error));
  return [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function fileOf(voiceDir: string): string {
  return path.join(voiceDir, 'card.json');
}

function missing(voiceDir: string, cause: unknown): never {
  throwShortage(cause, `card.json in ${path.basename(voiceDir)} could not be read`);
  throw new EngineError('voice_missing', `no card.json in ${path.basename(voiceDir)}`, { cause });
}
