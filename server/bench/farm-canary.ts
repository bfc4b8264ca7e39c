/**
 * The canary clip of a voice, by which a farm tells who makes the same clips: its hashes, for comparing processors. Run as it is,
 * with another number of threads, and under an emulator that has other instruction sets (README.md of server/farm says how).
 * `node --import tsx server/bench/farm-canary.ts --models models/fixtures --voice tiny-stacked [--threads 2]`
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { generateClip } from '../engine/inference/generate-clip.ts';
import { Voice } from '../engine/inference/voice.ts';
import { canaryRequest, readCard } from '../farm/fingerprint.ts';
import { bytesOf } from '../farm/recipe.ts';
import { benchFlags, print } from './support.ts';

const { models, voice: name, threads } = benchFlags({});
const dir = path.resolve(models, name);
const { card } = await readCard(dir);
const voice = await Voice.open(dir, { provider: 'cpu', threads: Number(threads) });
const { codes, pcm } = await generateClip(
  voice,
  canaryRequest(dir, card),
  () => undefined,
  () => false,
);
await voice.close();
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const rms = Math.sqrt(pcm.reduce((sum, x) => sum + x * x, 0) / pcm.length);
print({ voice: name, threads: Number(threads), codes: hash(bytesOf(codes)), sound: hash(bytesOf(pcm)), rms });
process.exit(0);
