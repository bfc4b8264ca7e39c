import { TRAINING_MINUTES } from '../../protocol/index.ts';
import type { Session } from './session.ts';

/** Steps below which a voice is hardly another than the one it began from. */
export const FEW_STEPS = 100;
/** Shares of a budget in minutes, as the trainer divides it. */
const SHARES: Readonly<Record<string, number>> = { codec: 0.2, vocoder: 0.3, prior: 0.5 };

/** Seconds per step of each stage of the default voice, trained on two CPU cores: for a first training, of which nothing is known here. */
export const USUAL_PACE: Readonly<Record<string, number>> = { codec: 0.42, vocoder: 0.78, prior: 3.9 };

export interface Budget {
  minutes?: number | undefined;
  steps?: number | undefined;
  stages?: readonly string[] | undefined;
}

/**
 * What a budget comes to when fine-tuning a voice; one line a stage.
 * @param pace seconds per step of each stage, of an earlier training on this machine or the usual one
 */
export function planLines(
  { minutes = TRAINING_MINUTES, steps, stages = ['prior'] }: Budget,
  pace: Readonly<Record<string, number>>,
): string[] {
  const shares = stages.reduce((sum, stage) => sum + (SHARES[stage] ?? 0), 0);
  return stages.flatMap((stage) => {
    const each = pace[stage];
    if (each === undefined) return [];
    if (steps !== undefined)
      return [`${stage}: ${steps} steps take about ${timeText(steps * each)}${few(steps, null)}`];
    const share = (SHARES[stage] ?? 0) / shares;
    const fitting = Math.round((minutes * 60 * share) / each);
    const wanted = Math.ceil((FEW_STEPS * each) / 60 / share);
    return [
      `${stage}: about ${fitting} steps fit into ${timeText(minutes * 60 * share)}, ${each.toPrecision(2)} s each${few(fitting, wanted)}`,
    ];
  });
}

/** Pace of the latest training from the same voice; null if there is none. */
export async function earlierPace(session: Session, base: string | undefined): Promise<Record<string, number> | null> {
  const { jobs } = await session.call('admin.jobs', {});
  const from = base ?? (await session.call('voice.list', {})).voices.find((voice) => voice.active)?.id;
  const like = jobs
    .filter((job) => job.base === from && Object.keys(job.pace).length > 0)
    .sort((a, b) => b.created - a.created)[0];
  return like?.pace ?? null;
}

function few(steps: number, minutes: number | null): string {
  if (steps >= FEW_STEPS) return '';
  const more = minutes === null ? `--steps ${FEW_STEPS} or more` : `--minutes ${minutes} or more`;
  return `; too few to learn a class: use ${more}`;
}

function timeText(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}
