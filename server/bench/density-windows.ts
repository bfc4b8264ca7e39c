/**
 * What the windows of a stream with a density cost before their first row: milliseconds, and contours drawn, where what was
 * drawn is remembered from window to window and, in turns, where each window begins anew. With one density throughout,
 * one that no recording of the class has, and another in each window, as a MIDI controller asks for it.
 * `node --import tsx server/bench/density-windows.ts [--seconds 60] [--voice ID] [--models DIR]`
 */
import assert from 'node:assert/strict';
import { loadavg } from 'node:os';
import path from 'node:path';
import { parseCard, readCardText } from '../engine/inference/card.ts';
import { GridAxes } from '../engine/inference/code-grid.ts';
import { DensityContours, type DrawContour } from '../engine/inference/density.ts';
import { framesPerTime } from '../engine/inference/mel-decoder.ts';
import { floats, Graph, read } from '../engine/onnx/runtime.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({ seconds: { type: 'string', default: '60' } });
const { models, voice } = flags;
const card = parseCard(await readCardText(path.join(models, voice)));
const graph = await Graph.open(path.join(models, voice), card, 'contour', { provider: 'cpu', threads: 1 });
const { frames, hop } = card.mel;
const of = { frames, frameSeconds: hop / card.audio.rate };

let draws = 0;
const draw: DrawContour = async (uniform, classWeights) => {
  draws += 1;
  const outputs = await graph.run({
    class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
    uniform: floats(uniform, [1, uniform.length]),
  });
  return read(outputs, 'known')[0] === 1 ? read(outputs, 'level').slice() : undefined;
};

/** First frames of a stream's windows, each of which begins with the last third of the one before. */
const { rows } = new GridAxes(card);
const each = (rows - Math.floor(rows / 3)) * framesPerTime(card);
const windows = Array.from({ length: Math.ceil(Number(flags.seconds) / of.frameSeconds / each) }, (_, i) => i * each);

async function timed(contours: DensityContours, frame: number, classWeights: readonly number[], density: number) {
  const before = draws;
  const began = performance.now();
  const contour = await contours.from(frame, classWeights, density);
  return { ms: performance.now() - began, drawn: draws - before, contour };
}

async function stream(index: number, density: (window: number) => number) {
  const classWeights = card.classes.map((_, i) => (i === index ? 1 : 0));
  const remembered = new DensityContours(1, of, draw);
  const all = { anew: { ms: [] as number[], drawn: 0 }, remembered: { ms: [] as number[], drawn: 0 } };
  for (const [i, frame] of windows.entries()) {
    const ways = [
      ['anew', new DensityContours(1, of, draw)],
      ['remembered', remembered],
    ] as const;
    const made: (Float32Array | undefined)[] = [];
    for (const [name, contours] of i % 2 === 0 ? ways : ways.toReversed()) {
      const { ms, drawn, contour } = await timed(contours, frame, classWeights, density(i));
      all[name].ms.push(ms);
      all[name].drawn += drawn;
      made.push(contour);
    }
    assert.deepEqual(made[0], made[1]);
  }
  const told = ({ ms, drawn }: { ms: number[]; drawn: number }) => ({ drawn, ms: summary(ms) });
  return { windows: windows.length, anew: told(all.anew), remembered: told(all.remembered) };
}

const kinds = { steady: () => 2, none: () => 19, swept: (window: number) => 0.5 + 0.25 * (window % 24) };
const results: Record<string, unknown>[] = [];
// The first run of a graph finds its memory.
await stream(0, () => 1);
for (const name of ['Footstep', 'Keyboard', 'DogBark', 'GunShot'])
  for (const [kind, density] of Object.entries(kinds)) {
    const index = card.classes.findIndex((one) => one.name === name);
    if (index < 0) continue;
    results.push({ class: name, kind, ...(await stream(index, density)) });
    process.stderr.write(`${JSON.stringify(results.at(-1), (key, value) => (key === 'raw' ? undefined : value))}\n`);
  }
await graph.release();
print({ bench: 'density-windows', ...machine(), voice, load: loadavg(), results });
