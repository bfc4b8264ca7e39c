import type { Context } from '../dispatch/dispatcher.ts';
import type { JobEvent } from '../dispatch/job-events.ts';
import type { VoiceClass } from './voice-class.ts';

/** What is known of a job's clips while they are made. */
export interface RunningJob {
  args: Pick<Context<'foley.generate'>['args'], 'temperature' | 'topK' | 'topP'>;
  /** What each clip is made of. */
  voiceClasses: readonly VoiceClass[];
  /** Whether they start from a recording. */
  recording?: boolean;
}

type RowEvent = Extract<JobEvent, { type: 'row' }>;

interface Clip {
  codes: Uint16Array;
  /** Rows that are known. */
  rows: number;
}

/** The rows of clips that are being made, so that others can branch off. Bounded by the jobs there may be. */
export class PartialClips {
  readonly #jobs = new Map<string, RunningJob & { clips: Map<number, Clip> }>();

  /** Remembers a job until `end`. */
  begin(id: string, job: RunningJob): { row(event: RowEvent): void; end(): void } {
    const clips = new Map<number, Clip>();
    this.#jobs.set(id, { ...job, clips });
    return {
      row: ({ index, row, rows, codes }) => {
        if (index >= job.voiceClasses.length) return;
        const clip = clips.get(index) ?? { codes: new Uint16Array(rows * codes.length), rows: 0 };
        clip.codes.set(codes, row * codes.length);
        clip.rows = row + 1;
        clips.set(index, clip);
      },
      end: () => void this.#jobs.delete(id),
    };
  }

  /** Null for a job that does not run, or whose clip has not begun. */
  find(id: string, index: number): (VoiceClass & Clip & { recording: boolean }) | null {
    const job = this.#jobs.get(id);
    const clip = job?.clips.get(index);
    const voiceClass = job?.voiceClasses[index];
    return voiceClass === undefined || clip === undefined
      ? null
      : { ...voiceClass, ...clip, recording: job?.recording === true };
  }
}
