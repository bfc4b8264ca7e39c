import { appendLine, readJsonLines } from '../util/json-lines.ts';
import { readIfThere } from '../util/persistent-file.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import type { TrainerEvent } from './process.ts';

/** What a training is to do. It stays as it was ordered, whatever happens to it. */
export interface TrainingOrder {
  /** Id and name of the voice to be made. */
  voice: string;
  name: string;
  datasets: string[];
  /** The voice it is trained on, as it was then; null from scratch. */
  base: { id: string; hash: string } | null;
  /** Of the data sets' classes; null for all. */
  classes: string[] | null;
  stages: string[] | null;
  minutes: number | null;
  steps: number | null;
  preset: string;
  seed: number;
  /** Threads count towards the last bit of every number. */
  threads: number;
}

export type TrainingState = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** One line of a job's log. */
export type JournalLine = { at: number } & (
  | { type: 'order'; order: TrainingOrder }
  | { type: 'state'; state: TrainingState; code?: string; message?: string; log?: string[]; hash?: string }
  | { type: 'trainer'; event: TrainerEvent }
);

type Entry = JournalLine extends infer L ? (L extends JournalLine ? Omit<L, 'at'> : never) : never;

/** Lines that are written; a training that says more has its steps left out. */
const MAX_LINES = 50_000;

/** Everything that happened to a job, as JSON lines that are only ever appended. */
export class Journal {
  readonly #file: string;
  #lines = 0;
  readonly #queue = new SerialQueue();

  constructor(file: string) {
    this.#file = file;
  }

  /** What was written before. A line that a crash cut short is left out. Rejects with what the disk says. */
  async read(): Promise<JournalLine[]> {
    const text = (await readIfThere(this.#file)) ?? '';
    const lines = readJsonLines(text, (value) => {
      const line = value as JournalLine;
      return typeof line.type === 'string' && typeof line.at === 'number' ? [line] : [];
    });
    this.#lines = lines.length;
    return lines;
  }

  /** In the order of the calls. Rejects with what the disk says. */
  add(entry: Entry): Promise<void> {
    if (entry.type === 'trainer' && this.#lines > MAX_LINES) return Promise.resolve();
    this.#lines += 1;
    // A change of state is on the disk before anyone is told of it.
    const sync = entry.type === 'state';
    const line = JSON.stringify({ at: Date.now(), ...entry });
    return this.#queue.run(() => appendLine(this.#file, line, { sync }));
  }

  /** Resolves when all is written. */
  close(): Promise<void> {
    return this.#queue.ended();
  }
}
