/** Resamples in a thread of its own: a long sound takes longer than an output can wait, and than a server should. */
import { parentPort } from 'node:worker_threads';
import { resample } from '../audio/resample.ts';

export interface ResampleOrder {
  sound: number;
  pcm: Float32Array;
  from: number;
  to: number;
}

const port = parentPort!;
let last: Promise<void> = Promise.resolve();
port.on('message', ({ sound, pcm, from, to }: ResampleOrder) => {
  last = last.then(async () => {
    const out = await resample(pcm, from, to).catch(() => new Float32Array(0));
    port.postMessage({ sound, pcm: out });
  });
});
