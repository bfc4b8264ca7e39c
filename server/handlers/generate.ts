import { randomBytes, randomInt } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EventData, encodePcm, limits } from '../../protocol/index.ts';
import type { Bus, JobEvent } from '../bus.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClipRecipe, Clips } from '../clips/clips.ts';
import type { Context, Handler } from '../registry.ts';
import type { JobOrder, Scheduler } from '../scheduler/scheduler.ts';
import { chooseClass } from './classes.ts';

export interface GenerateDeps {
  scheduler: Scheduler;
  catalog: Catalog;
  clips: Clips;
  bus: Bus;
}

type Generate = Context<'foley.generate'>;
type Done = EventData<'foley.generate', 'done'>;
type Result = Parameters<JobOrder['onClip']>[1];

/** `foley.generate`: finds the voice and the class, queues one job of `count` clips, and tells what happens to it. */
export function generate(deps: GenerateDeps): Handler<'foley.generate'> {
  // Looking a voice up touches the disk and may take longer for one request than for the next: one after the other,
  // so that jobs are queued in the order in which requests arrived.
  let arrivals: Promise<unknown> = Promise.resolve();
  return async (context) => {
    const begun = performance.now();
    const { args } = context;
    const found = arrivals.then(() => deps.catalog.find(args.voice));
    arrivals = found.catch(() => undefined);
    const voice = await found;
    const chosen = chooseClass(voice, args.class);
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const { temperature, topK, topP, count } = args;
    const rate = args.rate ?? voice.rate;
    const recipe: Omit<ClipRecipe, 'seed'> = {
      ...{ voice: voice.hash, voiceId: voice.id, class: chosen.label, classWeights: chosen.weights },
      ...{ temperature, topK, topP, rate },
    };
    const seeds = Array.from({ length: count }, (_, index) => (seed + index) % (limits.seedMax + 1));
    const timings: Done['timings'] = { totalMs: 0 };
    const clips: Done['clips'] = [];
    let seconds = 0;
    // The part of an only clip that has left before the whole was made, in samples.
    let sent = 0;
    let sending: Promise<void> = Promise.resolve();

    const job = deps.scheduler.submit({
      owner: context.session.id,
      signal: context.signal,
      clips: seeds.map((clipSeed) => ({
        ...{ voiceDir: voice.dir, classWeights: chosen.weights, seed: clipSeed, temperature, topK, topP, rate },
        previews: args.previews,
        // Of several clips each is handed over whole, in turn.
        stream: args.audio && count === 1,
      })),
      onClip: async (index, result) => {
        addTimings(timings, result.timings, index);
        seconds = result.pcm.length / result.rate;
        const clipSeed = seeds[index] ?? seed;
        await sending;
        if (args.audio) await sendAudio(context, index, result, sent);
        if (args.save) {
          const saved = await deps.clips.save({
            ...{ pcm: result.pcm, rate: result.rate, format: args.format },
            recipe: { ...recipe, seed: clipSeed },
            codes: result.codes,
          });
          clips.push({ index, clip: saved.id, seed: clipSeed, url: `/clips/${saved.id}.wav`, path: saved.path });
        } else {
          clips.push({ index, clip: randomBytes(8).toString('hex'), seed: clipSeed });
        }
      },
    });
    context.setJob(job.id);
    const stop = deps.bus.subscribe(job.id, (event) => {
      if (event.type === 'started') timings.queueMs = event.waitedMs;
      else if (event.type === 'audio') {
        const { index, offset, total, rate, pcm } = event;
        sent = offset + pcm.length;
        sending = sending.then(() => sendPart(context, { index, offset, total, rate, pcm }));
      } else report(context, event);
    });
    context.emit('accepted', { job: job.id, seed, voice: voice.id, class: chosen.label, count });
    try {
      await job.done;
    } finally {
      stop();
    }
    timings.totalMs = performance.now() - begun;
    return { clip: clips[0]?.clip ?? '', seconds, timings, clips };
  };
}

function report({ args, emit }: Generate, event: JobEvent): void {
  if (event.type === 'row' && args.rows) {
    const { index, row, rows, codes } = event;
    emit('row', { index, row, rows, codes: Array.from(codes) }, true);
  } else if (event.type === 'preview' && args.previews) {
    const { index, codebooks, rate, pcm } = event;
    const { format } = args;
    emit('preview', { index, codebooks, rate, channels: 1, format, pcm: encodePcm(pcm, format) }, true);
  }
}

interface Part {
  index: number;
  offset: number;
  total: number;
  rate: number;
  pcm: Float32Array;
}

/** A clip from sample `from` on. */
function sendAudio(context: Generate, index: number, { pcm, rate }: Result, from: number): Promise<void> {
  return sendPart(context, { index, offset: from, total: pcm.length, rate, pcm: pcm.subarray(from) });
}

/** In chunks, with a turn of the event loop between them: no clip is long enough to hold the others up. */
async function sendPart({ args, emit, signal }: Generate, { index, offset, total, rate, pcm }: Part): Promise<void> {
  const { format } = args;
  for (let at = 0; at < pcm.length && !signal.aborted; at += limits.audioChunkFrames) {
    if (at > 0) await nextTurn();
    const chunk = encodePcm(pcm.subarray(at, at + limits.audioChunkFrames), format);
    emit('audio', { index, offset: offset + at, total, rate, channels: 1, format, pcm: chunk });
  }
}

/** Times of sampling, decoding and vocoding add up over the clips; the first row and preview are those of clip 0. */
function addTimings(sum: Done['timings'], one: Result['timings'], index: number): void {
  sum.sampleMs = (sum.sampleMs ?? 0) + one.sampleMs;
  sum.decodeMs = (sum.decodeMs ?? 0) + one.decodeMs;
  sum.vocodeMs = (sum.vocodeMs ?? 0) + one.vocodeMs;
  if (index > 0) return;
  sum.firstRowMs = one.firstRowMs;
  sum.firstPreviewMs = one.firstPreviewMs;
}
