/**
 * Whether one hears where a longer clip goes on. At each place of changing over: how much the log-mel changes from frame
 * to frame, and the step in loudness across it, each as its rank among all places of the same clip that are as long
 * (0.5: like any other, 1: the largest of all); how alike the two waves are there; how far the level in the fade is from
 * that of the two (dB), by the gains in use and by those of equal power. Beside it the same for clips of one class that
 * have nothing to do with each other: laid over each other in the same way, and set end to end.
 * `node --import tsx server/bench/seam.ts [--seeds 3]`
 */
import path from 'node:path';
import { logMel } from '../engine/dsp/mel.ts';
import { parseCard, readCardText } from '../engine/inference/card.ts';
import { createEngine } from '../engine/process/pool.ts';
import { gridOf } from '../generation/code-grid.ts';
import {
  correlation,
  crossfadeOf,
  joinPieces,
  pieceOffset,
  pieceSeed,
  piecesOf,
  type Start,
  startOfNext,
} from '../generation/continuation.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({ seeds: { type: 'string', default: '3' } });
const PIECES = 3;
/** Seconds on each side whose loudness is compared. */
const BESIDE = 0.1;

const voiceDir = path.join(flags.models, flags.voice);
const card = parseCard(await readCardText(voiceDir));
const { rate, samples } = card.audio;
const { hop } = card.mel;
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

interface Places {
  fluxRank: number[];
  stepRank: number[];
  stepDb: number[];
}
interface Fades {
  alike: number[];
  levelDb: number[];
  equalPowerDb: number[];
}

/** How places of a sound compare with all the others of it. Each is `fade` samples long. */
function compare(whole: Float32Array, places: readonly number[], fade: number, into: Places): void {
  const flux = changes(whole);
  const frames = Math.max(1, Math.round(fade / hop));
  const beside = Math.round(BESIDE * rate);
  const largest = (first: number): number => Math.max(...flux.slice(first, first + frames));
  const step = (at: number): number =>
    Math.abs(loudness(whole.subarray(at + fade, at + fade + beside)) - loudness(whole.subarray(at - beside, at)));
  const fluxes = flux.slice(0, -frames).map((_, first) => largest(first));
  const steps: number[] = [];
  for (let at = beside; at + fade + beside <= whole.length; at += hop) steps.push(step(at));
  const rank = (value: number, all: readonly number[]): number => all.filter((x) => x < value).length / all.length;
  for (const at of places) {
    // The frame that lies around the first sample is centred on it.
    into.fluxRank.push(rank(largest(Math.max(0, Math.round(at / hop) - 1)), fluxes));
    into.stepDb.push(step(at));
    into.stepRank.push(rank(step(at), steps));
  }
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
  compare(whole, places, length, into);
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
  compare(whole, places, 0, into);
}

/** Mean change of the log-mel from each frame to the next (nats). */
function changes(pcm: Float32Array): number[] {
  const { bands, frames } = logMel(pcm, { ...card.mel, rate });
  const bins = bands.length / frames;
  return Array.from({ length: frames - 1 }, (_, frame) => {
    let sum = 0;
    for (let bin = 0; bin < bins; bin++)
      sum += Math.abs(bands[bin * frames + frame + 1]! - bands[bin * frames + frame]!);
    return sum / bins;
  });
}

function loudness(pcm: Float32Array): number {
  return 10 * Math.log10(pcm.reduce((sum, x) => sum + x * x, 0) / pcm.length + 1e-10);
}

const places = (): Places => ({ fluxRank: [], stepRank: [], stepDb: [] });
const told = { goesOn: places(), unrelated: places(), endToEnd: places() };
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

const aboveOf = (ranks: readonly number[]): number => ranks.filter((x) => x > 0.95).length / ranks.length;
const summed = ({ fluxRank, stepRank, stepDb }: Places) => ({
  seams: fluxRank.length,
  fluxRank: summary(fluxRank),
  fluxAboveNineteenOfTwenty: aboveOf(fluxRank),
  stepRank: summary(stepRank),
  stepAboveNineteenOfTwenty: aboveOf(stepRank),
  stepDb: summary(stepDb),
});
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
