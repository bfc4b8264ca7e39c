/** What a broker, and whoever else reaches it, tells a server or a worker: jobs, events, outcomes. */
import {
  type FarmResult,
  readEvents,
  readOutcome,
  readResult,
  writeEvents,
  writeOutcome,
  writeResult,
} from '../../farm/messages.ts';
import { FarmMessageError, readJob, writeJob } from '../../farm/recipe.ts';
import { assertShort, type Parser, sampled } from './parser.ts';

const FINGERPRINT = 'ab'.repeat(32);

const request = {
  ...sampled,
  previews: true,
  contour: Float32Array.of(0, -1, -2),
  codes: Uint16Array.of(1, 2, 3),
  start: { codes: Uint16Array.of(1, 2), given: Uint8Array.of(0, 1) },
};

const result: FarmResult = {
  codes: Uint16Array.of(1, 2, 3, 4),
  rate: 22_050,
  pcm: Float32Array.of(0, 0.5, -0.5),
  timings: { sampleMs: 1, decodeMs: 2, vocodeMs: 3, firstRowMs: 1, firstPreviewMs: null, totalMs: 6 },
  maker: { worker: 'render-1', fingerprint: FINGERPRINT },
};

const read = (take: () => string): string => {
  try {
    return take();
  } catch (error) {
    if (!(error instanceof FarmMessageError)) throw error;
    assertShort(error.message);
    return 'refused';
  }
};

export function farmJob(): Parser {
  const { hash, bytes } = writeJob(FINGERPRINT, request);
  return {
    name: 'farm jobs',
    frames: [new Uint8Array(bytes)],
    take: (frame) => read(() => `seed ${readJob(FINGERPRINT, hash, frame).seed}`),
  };
}

export function farmEvents(): Parser {
  const pcm = Float32Array.of(0.1, 0.2);
  const events = writeEvents([
    { type: 'started' },
    { type: 'row', row: 1, rows: 4, codes: Uint16Array.of(1, 2) },
    { type: 'preview', codebooks: 1, rate: 22_050, pcm },
    { type: 'audio', offset: 0, total: 2, rate: 22_050, pcm },
    { type: 'ended' },
  ]);
  return {
    name: 'farm events',
    frames: [new Uint8Array(events!)],
    take: (frame) => read(() => `${readEvents(frame).length} events`),
  };
}

export function farmOutcome(): Parser {
  const by = { worker: 'render-1', message: 'no' };
  const outcomes = [
    writeOutcome({ state: 'done', result }),
    writeOutcome({ state: 'stored', sha256: FINGERPRINT, bytes: 7, maker: result.maker }),
    writeOutcome({ state: 'failed', code: 'engine_failed', ...by }),
    writeOutcome({ state: 'retrying', ...by }),
  ];
  const results = [writeResult(result)];
  return {
    name: 'farm outcomes',
    frames: [...outcomes, ...results].map((one) => new Uint8Array(one)),
    take: (frame, base) =>
      base < outcomes.length
        ? (readOutcome(frame)?.state ?? 'none')
        : read(() => `${readResult(frame).pcm.length} samples`),
  };
}
