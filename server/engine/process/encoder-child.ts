/** The encoder's own process. */
import { readCardText } from '../inference/card.ts';
import { VoiceEncoder } from '../inference/encoder.ts';
import type { EncodeTask } from './encoder.ts';
import { serveTasks } from './serve-tasks.ts';

/** Of the voice that was asked for last. */
let loaded: { dir: string; encoder: VoiceEncoder } | null = null;

async function encoderOf(dir: string): Promise<VoiceEncoder> {
  const text = await readCardText(dir);
  if (loaded !== null && loaded.dir === dir && loaded.encoder.cardText === text) return loaded.encoder;
  await loaded?.encoder.close();
  loaded = null;
  const encoder = await VoiceEncoder.open(dir);
  loaded = { dir, encoder };
  return encoder;
}

serveTasks<EncodeTask>(async ({ voiceDir, pcm, rate }) => (await encoderOf(voiceDir)).encode(pcm, rate));
