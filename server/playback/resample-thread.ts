/** Resamples in a thread of its own: a long sound takes longer than an output can wait, and than a server should. */
import { parentPort } from 'node:worker_threads';
import { openResampler, type Resampler, resample } from '../audio/resample.ts';
import { PartResampler } from '../audio/resample-parts.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import { REPLACED_SECONDS } from './growing-buffer.ts';

/** A sound of which nothing else will come is forgotten. */
export interface DropOrder {
  dropped: number;
}

/** With `part` one of several of a sound. */
export interface ResampleOrder {
  sound: number;
  pcm: Float32Array;
  from: number;
  to: number;
  part?: { last: boolean; from?: number };
}

const port = parentPort!;
/** Of sounds that come in parts, by rates: a voice has one, and opening takes longer than a part of a sound does. */
const open = new Map<string, Promise<Resampler>>();
const growing = new Map<number, PartResampler>();

function resamplerFor(from: number, to: number): Promise<Resampler> {
  const key = `${from} ${to}`;
  const resampler = open.get(key) ?? openResampler(from, to);
  open.set(key, resampler);
  return resampler;
}

/** What becomes of it, and of a part its first frame. */
interface Made {
  pcm: Float32Array;
  from?: number;
}

async function make({ sound, pcm, from, to, part }: ResampleOrder): Promise<Made> {
  if (part === undefined) return { pcm: await resample(pcm, from, to) };
  const parts = growing.get(sound) ?? new PartResampler(await resamplerFor(from, to), from, to, REPLACED_SECONDS);
  if (part.last) growing.delete(sound);
  else growing.set(sound, parts);
  return parts.add(pcm, part.last, part.from);
}

const queue = new SerialQueue();
port.on('message', (order: ResampleOrder | DropOrder) => {
  void queue.run(async () => {
    if ('dropped' in order) {
      growing.delete(order.dropped);
      return;
    }
    const { sound, part } = order;
    const { pcm, ...place } = await make(order).catch((): Made => ({ pcm: new Float32Array(0) }));
    port.postMessage({ sound, pcm, part: part === undefined ? undefined : { last: part.last, ...place } });
  });
});
