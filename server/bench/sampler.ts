/**
 * What sampling costs a clip by how many are sampled together, guided and not, and what rendering costs by segments and in one: all in
 * one process and thread, the sizes in turns. Prints JSON.
 * `node --import tsx server/bench/sampler.ts [--voice DIR] [--together 1,2,4,8] [--guidance 0,1] [--rounds 3]`
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GridAxes } from '../engine/inference/code-grid.ts';
import { Renderer } from '../engine/inference/renderer.ts';
import { Voice } from '../engine/inference/voice.ts';
import { summary } from './summary.ts';
import { machine, print } from './support.ts';

const { values } = parseArgs({
  options: {
    voice: { type: 'string', default: fileURLToPath(new URL('../../models/default', import.meta.url)) },
    together: { type: 'string', default: '1,2,4,8' },
    guidance: { type: 'string', default: '0,1' },
    rounds: { type: 'string', default: '3' },
  },
});
const voiceDir = path.resolve(values.voice);
const place = { provider: 'cpu', threads: 1 };
const voice = await Voice.open(voiceDir, place);
const sizes = values.together.split(',').map(Number);
const rounds = Number(values.rounds);
const classes = voice.card.classes.length;
let last: Uint16Array = new Uint16Array(0);

async function clip(seed: number, guidance = 0): Promise<void> {
  const classWeights = Array.from({ length: classes }, (_, index) => (index === seed % classes ? 1 : 0));
  const drawing = { temperature: 1, topK: 0, topP: 1, onRow: () => undefined };
  last = await voice.sampler.sample({ ...drawing, classWeights, guidance, seed });
}

/** Seconds. */
async function taken(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

await clip(0);
const weights = values.guidance.split(',').map(Number);
// What the process used of the processor says more than the clock where others use it too.
const sampled = sizes.flatMap((together) =>
  weights.map((guidance) => ({ together, guidance, perClip: [] as number[], cpuPerClip: [] as number[] })),
);
for (let round = 0; round < rounds; round++) {
  for (const { together, guidance, perClip, cpuPerClip } of round % 2 === 0 ? sampled : sampled.toReversed()) {
    const before = process.cpuUsage();
    const all = await taken(() => Promise.all(Array.from({ length: together }, (_, seed) => clip(seed, guidance))));
    const { user, system } = process.cpuUsage(before);
    perClip.push(all / together);
    cpuPerClip.push((user + system) / 1e6 / together);
  }
}

const of = { voiceDir, card: voice.card, place };
const axes = new GridAxes(voice.card);
const renderers = { segments: await Renderer.open(of, axes), whole: await Renderer.open(of, axes, []) };
const order = { codes: last, seed: 0, rate: voice.card.audio.rate };
const rendered: Record<keyof typeof renderers, { first: number[]; all: number[] }> = {
  segments: { first: [], all: [] },
  whole: { first: [], all: [] },
};
for (let round = 0; round < 2 * rounds + 1; round++) {
  for (const name of ['segments', 'whole'] as const) {
    let first = Number.NaN;
    const began = performance.now();
    const all = await taken(() =>
      renderers[name].render(order, (offset) => {
        if (offset === 0) first = (performance.now() - began) / 1000;
      }),
    );
    // The first of each warms up.
    if (round === 0) continue;
    rendered[name].first.push(first);
    rendered[name].all.push(all);
  }
}
for (const renderer of Object.values(renderers)) await renderer.close();
await voice.close();
print({
  bench: 'sampler',
  unit: 's',
  ...machine(),
  sampling: sampled.map(({ perClip, cpuPerClip, ...of }) => ({
    ...of,
    perClip: summary(perClip),
    cpuPerClip: summary(cpuPerClip),
  })),
  rendering: Object.fromEntries(
    Object.entries(rendered).map(([name, { first, all }]) => [name, { first: summary(first), all: summary(all) }]),
  ),
});
