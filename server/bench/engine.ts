/**
 * What one clip costs in the engine: seconds per clip, to the first row and to the first preview, by number of
 * threads, and how late timers of the process that asks for clips were meanwhile. Prints JSON.
 * `node --import tsx server/bench/engine.ts [--voice DIR] [--threads 1,2] [--clips 7]`
 */
import { cpus } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EngineTimings } from '../engine/engine.ts';
import { parseCard, readCardText } from '../engine/inference/card.ts';
import { createEngine } from '../engine/process/pool.ts';
import { summary } from './summary.ts';

const { values } = parseArgs({
  options: {
    voice: { type: 'string', default: fileURLToPath(new URL('../../models/default', import.meta.url)) },
    threads: { type: 'string', default: '1,2' },
    clips: { type: 'string', default: '7' },
  },
});
const voiceDir = path.resolve(values.voice);
const card = parseCard(await readCardText(voiceDir));

async function measure(threads: number, previews: boolean): Promise<Record<string, unknown>> {
  const engine = createEngine({ threads });
  try {
    const before = performance.now();
    await engine.load(voiceDir);
    const loadMs = performance.now() - before;
    const all: EngineTimings[] = [];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let seed = 0; seed < Number(values.clips); seed++) {
      const classWeights = card.classes.map((_, index) => (index === seed % card.classes.length ? 1 : 0));
      const sampling = { temperature: 1, topK: 0, topP: 1, rate: card.audio.rate };
      const run = engine.run({ voiceDir, classWeights, seed, ...sampling, previews }, () => undefined);
      all.push((await run.done).timings);
      process.stderr.write(`${threads} threads, clip ${seed + 1} of ${values.clips}\r`);
    }
    delay.disable();
    const of = (name: keyof EngineTimings) => summary(all.map((timings) => (timings[name] ?? Number.NaN) / 1000));
    return {
      threads,
      previews,
      loadSeconds: loadMs / 1000,
      memoryMb: engine.info().memoryMb,
      clip: of('totalMs'),
      sample: of('sampleMs'),
      decode: of('decodeMs'),
      vocode: of('vocodeMs'),
      firstRow: of('firstRowMs'),
      ...(previews ? { firstPreview: of('firstPreviewMs') } : {}),
      eventLoopMs: { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
    };
  } finally {
    await engine.close();
  }
}

const results: Record<string, unknown>[] = [];
for (const threads of values.threads.split(',').map(Number))
  for (const previews of [false, true]) results.push(await measure(threads, previews));
const { rate, samples } = card.audio;
console.log(
  JSON.stringify(
    { bench: 'engine', unit: 's', clipSeconds: samples / rate, cpu: cpus()[0]?.model, cores: cpus().length, results },
    null,
    2,
  ),
);
