import type { Journal, JournalLine, TrainingOrder, TrainingState } from './journal.ts';
import type { TrainerEvent } from './process.ts';

/** Where a training is. */
export interface Progress {
  stage: string | null;
  /** Which stage of how many, from 1. */
  number: number;
  of: number;
  step: number;
  /** Of this stage's budget, 0 to 1. */
  share: number;
  /** Seconds to the end of the last stage; null where nobody can say yet. */
  eta: number | null;
  losses: Record<string, number>;
}

export type JobUpdate =
  | { type: 'state'; state: TrainingState; message: string | null; isLast: boolean }
  | { type: 'trainer'; event: TrainerEvent };

const OVER: readonly TrainingState[] = ['done', 'failed', 'cancelled'];
/** Events of one job that are told again to whoever comes later. */
const MAX_HISTORY = 500;
const NONE: Progress = { stage: null, number: 0, of: 0, step: 0, share: 0, eta: null, losses: {} };

/** One training: its order, its state, and its watchers. */
export class Job {
  readonly id: string;
  readonly order: TrainingOrder;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Of the voice that was made. */
  hash: string | null = null;
  code: string | null = null;
  message: string | null = null;
  log: string[] = [];
  progress: Progress = NONE;
  /** Seconds per step of each stage, as the trainer measured them last. */
  readonly pace: Record<string, number> = {};
  ended: number | null = null;
  readonly #journal: Journal;
  readonly #watchers = new Set<(update: JobUpdate) => void>();
  /** Stages, scores and auditions. */
  readonly #history: JobUpdate[] = [];
  #state: TrainingState = 'queued';
  #plan: string[] = [];

  constructor(id: string, order: TrainingOrder, journal: Journal, created: number) {
    [this.id, this.order, this.#journal, this.created] = [id, order, journal, created];
  }

  /** From its log; null where that does not say what was ordered. */
  static restored(id: string, journal: Journal, lines: readonly JournalLine[]): Job | null {
    const first = lines.find((line) => line.type === 'order');
    if (first === undefined) return null;
    const job = new Job(id, first.order, journal, first.at);
    for (const line of lines) {
      if (line.type === 'state') job.#apply(line, line.at);
      else if (line.type === 'trainer') job.#follow(line.event);
    }
    return job;
  }

  get state(): TrainingState {
    return this.#state;
  }

  get over(): boolean {
    return OVER.includes(this.#state);
  }

  begin(): Promise<void> {
    return this.#journal.add({ type: 'order', order: this.order });
  }

  /** Resolves when it is on the disk; then everybody is told. */
  async set(
    state: TrainingState,
    more: { code?: string; message?: string; log?: string[]; hash?: string } = {},
  ): Promise<void> {
    await this.#journal.add({ type: 'state', state, ...more });
    this.enter(state, more);
    if (this.over) await this.#journal.close();
  }

  /** Tells everybody of a state, whether it is on the disk or not. */
  enter(state: TrainingState, more: Parameters<Job['set']>[1] = {}): void {
    this.#apply({ state, ...more }, Date.now());
    this.#tell({ type: 'state', state, message: this.message, isLast: this.over });
  }

  async record(event: TrainerEvent): Promise<void> {
    this.#follow(event);
    this.#tell({ type: 'trainer', event });
    await this.#journal.add({ type: 'trainer', event });
  }

  /** What happened so far that still matters, then what happens. Returns the way to stop. */
  watch(watcher: (update: JobUpdate) => void): () => void {
    for (const update of this.#history) watcher(update);
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #apply(
    line: { state: TrainingState; code?: string; message?: string; log?: string[]; hash?: string },
    at: number,
  ): void {
    this.#state = line.state;
    this.code = line.code ?? null;
    this.message = line.message ?? null;
    this.log = line.log ?? [];
    this.hash = line.hash ?? this.hash;
    this.ended = this.over ? at : null;
  }

  #follow(event: TrainerEvent): void {
    const past = this.progress;
    if (event.event === 'plan') this.#plan = Array.isArray(event.stages) ? event.stages.map(String) : [];
    else if (event.event === 'stage') {
      const [number, of] = [Number(event.number ?? this.#plan.length), Number(event.of ?? this.#plan.length)];
      this.progress = { ...NONE, stage: String(event.stage), number, of, losses: past.losses };
    } else if (event.event === 'step') {
      const { stage, step, eta_minutes: eta, event: _, seconds_per_step: pace, ...losses } = event;
      if (typeof pace === 'number' && pace > 0) this.pace[String(stage)] = pace;
      const share = this.#share(Number(step), eta);
      this.progress = {
        ...past,
        stage: String(stage),
        step: Number(step),
        share,
        eta: this.#eta(String(stage), share, eta),
        losses: numbers(losses),
      };
    }
    if (!['stage', 'eval', 'audition'].includes(event.event)) return;
    // A stage that is taken up again is no second one.
    const same = this.#history.findIndex((update) => update.type === 'trainer' && isSame(update.event, event));
    if (same >= 0) this.#history.splice(same, 1);
    this.#history.push({ type: 'trainer', event });
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }

  #share(step: number, eta: unknown): number {
    const { steps, minutes } = this.order;
    if (steps !== null) return Math.min(1, step / steps);
    const budget = (minutes ?? 0) * this.#part(this.progress.stage);
    return typeof eta === 'number' && budget > 0 ? Math.min(1, Math.max(0, 1 - eta / budget)) : 0;
  }

  /** The later stages have their part of the minutes; how long steps take, nobody knows before. */
  #eta(stage: string, share: number, eta: unknown): number | null {
    if (typeof eta !== 'number') return null;
    const later = this.#plan.slice(this.#plan.indexOf(stage) + 1);
    const { minutes } = this.order;
    if (minutes === null) return later.length === 0 ? eta * 60 : null;
    const own = minutes * this.#part(stage) * (1 - share);
    return later.reduce((sum, name) => sum + minutes * this.#part(name), own) * 60;
  }

  /** Of the budget in minutes, as the trainer shares it out. */
  #part(stage: string | null): number {
    const shares: Record<string, number> = { codec: 0.2, vocoder: 0.3, prior: 0.5 };
    const sum = this.#plan.reduce((total, name) => total + (shares[name] ?? 0), 0);
    return sum > 0 ? (shares[stage ?? ''] ?? 0) / sum : 0;
  }

  #tell(update: JobUpdate): void {
    for (const watcher of [...this.#watchers]) watcher(update);
  }
}

function isSame(a: TrainerEvent, b: TrainerEvent): boolean {
  return a.event === b.event && a.stage === b.stage && a.step === b.step && a.class === b.class;
}

function numbers(values: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}
