import type { EngineRequest, EngineResult } from '../engine.ts';
import { EngineError } from '../errors.ts';

/** The voice that is tried: its folder, how many classes it has, and its rate in Hz. */
export interface Tried {
  dir: string;
  classCount: number;
  rate: number;
}

/** Makes a clip twice. Rejects with voice_corrupt where it is no sound, none at all, or another one the second time. */
export async function tryVoice(
  make: (request: EngineRequest) => Promise<EngineResult>,
  { dir, classCount, rate }: Tried,
): Promise<void> {
  const classWeights = Array.from({ length: classCount }, (_, id) => (id === 0 ? 1 : 0));
  const order = { voiceDir: dir, classWeights, seed: 1, temperature: 1, topK: 0, topP: 1, rate, previews: false };
  const [one, other] = await Promise.all([1, 2].map(() => make({ ...order, urgent: true })));
  const wrong = (why: string): EngineError => new EngineError('voice_corrupt', `the voice failed its test: ${why}`);
  if (!one!.pcm.every(Number.isFinite)) throw wrong('a sample is not a number');
  if (one!.pcm.every((sample) => sample === 0)) throw wrong('its clip is silent');
  if (one!.pcm.some((sample, i) => sample !== other!.pcm[i])) throw wrong('the same seed gave two different clips');
}
