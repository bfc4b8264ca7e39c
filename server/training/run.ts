import { ProtocolError } from '../../protocol/index.ts';
import type { LogLine } from '../util/log-line.ts';
import type { Job } from './job.ts';
import { howEnded, type TrainerEnd, type TrainerEvent, TrainerProcess } from './process.ts';
import type { Finder } from './python.ts';
import { checkResources, type ResourceLimits, watchResources } from './resource-limits.ts';
import { trainerArgs } from './trainer-args.ts';

export interface RunOptions {
  /** Folder on the disk that must have space. */
  dir: string;
  finder: Finder;
  /** Folder and hash of a voice. Rejects with unknown_voice and the like. */
  findVoice: (id: string) => Promise<{ dir: string; hash: string }>;
  /** Corpus of a data set. Rejects with unknown_dataset. */
  findDataset: (id: string) => Promise<string>;
  room: ResourceLimits;
  log: LogLine;
  /** Milliseconds between looks at memory and disk, and before a crashed trainer is started again. */
  checkMs: number;
  retryMs: number;
  /** Milliseconds without a word and without processor time after which a trainer is taken for hung. */
  stillMs: number;
}

/** How a run of the trainer ended. `left`: this server closes, and the next one goes on with the job. */
export type RunEnd =
  | { state: 'exported' }
  | { state: 'paused' }
  | { state: 'left' }
  | { state: 'cancelled'; code: 'cancelled'; message: string }
  | { state: 'failed'; code: string; message: string; log: string[] };

export const CANCELLED = { code: 'cancelled', message: 'the training was cancelled' } as const;
/** A trainer that crashes so often without a new step between is not started again. */
const ATTEMPTS = 3;

/** One training while it runs: the trainer's process, and the next one where it crashed. */
export class TrainingRun {
  readonly #job: Job;
  readonly #out: string;
  readonly #options: RunOptions;
  #request: 'pause' | 'cancel' | null = null;
  #closing = false;
  #process: TrainerProcess | null = null;

  /** `out`: where the trainer works. */
  constructor(job: Job, out: string, options: RunOptions) {
    [this.#job, this.#out, this.#options] = [job, out, options];
  }

  /** Lets the trainer write a checkpoint and leave. */
  pause(): void {
    this.#request ??= 'pause';
    this.#process?.stop();
  }

  cancel(): void {
    this.#request = 'cancel';
    this.#process?.kill();
  }

  /** As `pause`, and the next server goes on. */
  leave(): void {
    this.#closing = true;
    this.#process?.stop();
  }

  async run(): Promise<RunEnd> {
    const { log, retryMs } = this.#options;
    const job = this.#job;
    for (let attempt = 1, reached = job.progress; ; attempt++) {
      const { end, exported, why } = await this.#attempt();
      const lines = end?.log ?? [];
      if (this.#request === 'cancel') return { state: 'cancelled', ...CANCELLED };
      if (why !== null) return { state: 'failed', code: why.code, message: why.message, log: lines };
      if (exported && end?.code === 0) return { state: 'exported' };
      if (this.#request === 'pause') return { state: 'paused' };
      if (this.#closing) return { state: 'left' };
      const failed = end?.error ?? null;
      if (failed !== null) {
        const code = failed.kind === 'CorpusError' ? 'bad_dataset' : failedAs(end);
        return { state: 'failed', code, message: failed.message, log: lines };
      }
      const { stage, step } = job.progress;
      if (stage !== reached.stage || step !== reached.step) attempt = 1;
      reached = job.progress;
      const how = howEnded(end ?? { code: null, signal: null, hung: null, shortage: null });
      if (attempt >= ATTEMPTS) {
        const message = `${how} ${attempt} times without a step between`;
        return { state: 'failed', code: failedAs(end), message, log: lines };
      }
      log('warn', `${how} and is started again`, { job: job.id });
      await job.set('running', { message: `${how} and goes on from its checkpoint` });
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  /** One process from its start to its end. `why`: what it was ended for. */
  async #attempt(): Promise<{ end: TrainerEnd | null; exported: boolean; why: ProtocolError | null }> {
    const { dir, finder, room, checkMs, stillMs, log } = this.#options;
    const nothing = { end: null, exported: false, why: null };
    if (this.#isEnding) return nothing;
    await checkResources(dir, room);
    const command = await finder.find();
    const args = await this.#args();
    if (this.#isEnding) return nothing;
    let exported = false;
    const onEvent = (event: TrainerEvent): void => {
      if (event.event === 'exported') exported = true;
      this.#job
        .record(event)
        .catch((err: unknown) => log('warn', 'a line of the training log could not be written', { err }));
    };
    const process = new TrainerProcess(command, args, onEvent, { lookMs: checkMs, stillMs });
    this.#process = process;
    let why: ProtocolError | null = null;
    const stopWatching = watchResources(dir, room, process, checkMs, (error) => {
      why ??= error;
      process.stop();
    });
    try {
      return { end: await process.ended, exported, why };
    } finally {
      stopWatching();
      this.#process = null;
    }
  }

  get #isEnding(): boolean {
    return this.#request !== null || this.#closing;
  }

  async #args(): Promise<string[]> {
    const { findDataset, findVoice } = this.#options;
    const { id, order } = this.#job;
    const corpora = await Promise.all(order.datasets.map((dataset) => findDataset(dataset)));
    const base = order.base === null ? null : await findVoice(order.base.id);
    if (base !== null && base.hash !== order.base?.hash)
      throw new ProtocolError(
        'wrong_voice',
        `voice ${order.base?.id} was replaced since the training was requested; start another training`,
      );
    return trainerArgs(order, { job: id, out: this.#out, corpora, base: base?.dir ?? null });
  }
}

function failedAs(end: TrainerEnd | null): 'out_of_resources' | 'training_failed' {
  return end?.shortage == null ? 'training_failed' : 'out_of_resources';
}
