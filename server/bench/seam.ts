/**
 * Whether one hears where a longer clip goes on. At each place of changing over: how much the log-mel changes from frame
 * to frame, and the step in loudness across it, each as its rank among all places of the same clip that are as long
 * (0.5: like any other, 1: the largest of all); how alike the two waves are there; how far the level in the fade is from
 * that of the two (dB), by the gains in use and by those of equal power. Beside it the same for clips of one class that
 * have nothing to do with each other: laid over each other in the same way, and set end to end.
 * `node --import tsx server/bench/seam.ts [--seeds 3]`
 */
import path from 'node:path';
import { correlation } from '../audio/change-over.ts';
import { parseCard, readCardText } from '../engine/inference/card.ts';
import { createEngine } from '../engine/process/pool.ts';
import { gridOf } from '../generation/code-grid.ts';
import {
  crossfadeOf,
  joinPieces,
  pieceOffset,
  pieceSeed,
  piecesOf,
  type Start,
  startOfNext,
} from '../generation/continuation.ts';
import { compare, loudness, noPlaces, type Places, summed } from './seam-places.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({ seeds: { type: 'string', default: '3' } });
const PIECES = 3;

const voiceDir = path.join(flags.models, flags.voice);
const card = parseCard(await readCardText(voiceDir));
const { rate, samples } = card.audio;
const spec = { ...card.mel, rate };
const grid = gridOf(card);
const pieces = piecesOf(grid, samples / rate + (PIECES - 1) * 0.9);
const engine = createEngine({ threads: Number(flags.threads) });

type Piece = { pcm: Float32Array; codes: Uint16Array };
function piece(classId: number, seed: number, start?: Start): Promise<Piece> {
  const classWeights = card.classes.map((_, id) => (id === classId ? 1 : 0));
  const sampling = { seed, temperature: 1, topK: 0, topP: 1, rate, previews: false };
  return engine.run({ voiceDir, classWeights, ...sampling, ...(start === undefined ? {} : { start }) }, () => undefined)
    .done;
}

interface Fades {
  alike: number[];
  levelDb: number[];
  equalPowerDb: number[];
}

/** Pieces laid over each other. */
function overlaid(sounds: readonly Float32Array[], into: Places, fades?: Fades): void {
  const whole = joinPieces(pieces, sounds, rate);
  const places: number[] = [];
  let length = 0;
  for (let i = 1; i < sounds.length; i++) {
    const begin = pieceOffset(pieces, i, rate);
    const over = sounds[i - 1]!.subarray(begin - pieceOffset(pieces, i - 1, rate));
    const { change, fade } = crossfadeOf(pieces, over, sounds[i]!, rate);
    places.push(begin + change);
    length = fade;
    if (fades === undefined) continue;
    const [from, to] = [over, sounds[i]!].map((sound) => sound.subarray(change, change + fade));
    const angle = (n: number): number => ((n + 0.5) / fade) * (Math.PI / 2);
    const meant = from!.map((x, n) => Math.hypot(x * Math.cos(angle(n)), to![n]! * Math.sin(angle(n))));
    const equalPower = from!.map((x, n) => x * Math.cos(angle(n)) + to![n]! * Math.sin(angle(n)));
    const got = whole.subarray(begin + change, begin + change + fade);
    fades.alike.push(correlation(from!, to!));
    fades.levelDb.push(Math.abs(loudness(got) - loudness(meant)));
    fades.equalPowerDb.push(Math.abs(loudness(equalPower) - loudness(meant)));
  }
  compare(whole, { places, fade: length, spec }, into);
}

function endToEnd(sounds: readonly Float32Array[], into: Places): void {
  const whole = new Float32Array(sounds.reduce((sum, { length }) => sum + length, 0));
  const places: number[] = [];
  let at = 0;
  for (const sound of sounds) {
    whole.set(sound, at);
    if (at > 0) places.push(at);
    at += sound.length;
  }
  compare(whole, { places, fade: 0, spec }, into);
}

const told = { goesOn: noPlaces(), unrelated: noPlaces(), endToEnd: noPlaces() };
const fades: Fades = { alike: [], levelDb: [], equalPowerDb: [] };
for (const classId of card.classes.keys()) {
  const firsts: Float32Array[] = [];
  for (let seed = 0; seed < Number(flags.seeds); seed++) {
    const made = [await piece(classId, seed)];
    while (made.length < PIECES)
      made.push(await piece(classId, pieceSeed(seed, made.length), startOfNext(pieces, made.at(-1)!.codes)));
    const sounds = made.map(({ pcm }) => pcm);
    overlaid(sounds, told.goesOn, fades);
    firsts.push(made[0]!.pcm);
  }
  while (firsts.length < PIECES) firsts.push((await piece(classId, firsts.length)).pcm);
  for (const i of firsts.keys()) {
    const others = Array.from({ length: PIECES }, (_, n) => firsts[(i + n) % firsts.length]!);
    overlaid(others, told.unrelated);
    endToEnd(others, told.endToEnd);
  }
}
await engine.close();

print({
  bench: 'seam',
  ...machine(),
  classes: card.classes.length,
  seeds: Number(flags.seeds),
  pieces: PIECES,
  goesOn: {
    ...summed(told.goesOn),
    alike: summary(fades.alike),
    levelDb: summary(fades.levelDb),
    equalPowerDb: summary(fades.equalPowerDb),
  },
  unrelated: summed(told.unrelated),
  endToEnd: summed(told.endToEnd),
});
