import type { EventData } from '../../../protocol/commands/index.ts';
import { link } from './link.svelte.ts';

export type Job = EventData<'admin.jobs', 'done'>['jobs'][number];

interface Audition {
  step: number;
  class: string;
  wav: Uint8Array;
  picture: string;
}

/** State of one training in the page: progress, curves, auditions. */
export class Training {
  job = $state.raw<Job>(null as unknown as Job);
  stage = $state('');
  share = $state(0);
  eta = $state<number | null>(null);
  steps = $state.raw<number[]>([]);
  losses = $state.raw<Record<string, (number | null)[]>>({});
  evalSteps = $state.raw<number[]>([]);
  scores = $state.raw<Record<string, (number | null)[]>>({});
  auditions = $state.raw<Audition[]>([]);
  #stop = new AbortController();

  constructor(job: Job) {
    this.job = job;
    this.stage = job.stage ?? '';
    this.share = job.share;
    this.eta = job.eta;
  }

  get isOver(): boolean {
    return ['done', 'failed', 'cancelled'].includes(this.job.state);
  }

  /** Hears what the training has come to and how it goes on, until it is over. */
  follow(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { job } = this.job;
    this.steps = [];
    this.losses = {};
    this.evalSteps = [];
    this.scores = {};
    this.#closePictures();
    link
      .call('admin.attach', { job }, { signal: this.#stop.signal, onEvent: (event, data) => this.#hear(event, data) })
      .then(
        () => (this.job = { ...this.job, state: 'done', share: 1 }),
        () => undefined,
      );
  }

  leave(): void {
    this.#stop.abort();
    this.#closePictures();
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'state') {
      const { state, message } = data as EventData<'admin.attach', 'state'>;
      this.job = { ...this.job, state, message };
    } else if (event === 'stage') this.#stageIs((data as EventData<'admin.attach', 'stage'>).stage);
    else if (event === 'step') {
      const { stage, step, share, eta, losses } = data as EventData<'admin.attach', 'step'>;
      this.#stageIs(stage);
      this.share = share;
      this.eta = eta;
      [this.steps, this.losses] = added(this.steps, this.losses, step, losses);
    } else if (event === 'eval') {
      const { step, scores } = data as EventData<'admin.attach', 'eval'>;
      [this.evalSteps, this.scores] = added(this.evalSteps, this.scores, step, scores);
    } else if (event === 'audition') {
      const { step, class: of, wav, picture } = data as EventData<'admin.attach', 'audition'>;
      const url = URL.createObjectURL(new Blob([picture.slice()], { type: 'image/png' }));
      const all = [{ step, class: of, wav: wav.slice(), picture: url }, ...this.auditions];
      for (const old of all.slice(12)) URL.revokeObjectURL(old.picture);
      this.auditions = all.slice(0, 12);
    }
  }

  /** Steps count anew in each stage, so its curves do too. */
  #stageIs(stage: string): void {
    if (stage === this.stage) return;
    this.stage = stage;
    [this.steps, this.losses, this.evalSteps, this.scores] = [[], {}, [], {}];
  }

  #closePictures(): void {
    for (const { picture } of this.auditions) URL.revokeObjectURL(picture);
    this.auditions = [];
  }
}

/** Points that a curve has at most; then every second one goes. */
const MAX_POINTS = 2000;

function added(
  steps: number[],
  series: Record<string, (number | null)[]>,
  step: number,
  values: Record<string, number>,
): [number[], Record<string, (number | null)[]>] {
  const thin = steps.length >= MAX_POINTS;
  const keep = <T>(all: readonly T[]): T[] => (thin ? all.filter((_, i) => i % 2 === 0) : [...all]);
  const kept = keep(steps);
  const names = new Set([...Object.keys(series), ...Object.keys(values)]);
  const entries = [...names].map((name): [string, (number | null)[]] => {
    const before = series[name] === undefined ? kept.map(() => null) : keep(series[name]);
    return [name, [...before, values[name] ?? null]];
  });
  return [[...kept, step], Object.fromEntries(entries)];
}
