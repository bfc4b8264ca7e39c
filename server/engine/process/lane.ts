/** An engine process, the clips it makes, and which of those that wait it has room for. */
import type { EngineEvent, EngineRequest, EngineResult, EngineRun } from '../engine.ts';
import type { FreshEvents } from '../fresh-events.ts';
import type { EngineSupervisor } from './supervisor.ts';

export interface Task {
  request: EngineRequest;
  on: (event: EngineEvent) => void;
  resolve: (result: EngineResult) => void;
  reject: (error: unknown) => void;
  run: EngineRun | null;
  /** What it has told of: a second try does not tell again. */
  fresh: FreshEvents;
  /** There was another clip in its lane, which may be why that ended. */
  company: boolean;
  /** Its second try, with nobody beside it. */
  alone: boolean;
}

/** An engine process and the clips it makes. */
export interface Lane {
  supervisor: EngineSupervisor;
  tasks: Set<Task>;
  idle: NodeJS.Timeout | null;
}

/**
 * Clips that are sampled together in one process. Measured: sampling takes 0.55 s for one alone, 0.39 s
 * each for two, 0.31 for four, 0.28 for eight; from there on there is little to gain, and all of them get later.
 */
export const TOGETHER = 4;

/** The lane with the least to do among those with room; the first is also waited for while it starts. */
export function laneFor(task: Task, lanes: readonly Lane[]): Lane | null {
  let chosen: Lane | null = null;
  for (const lane of lanes) {
    if (!hasRoom(lane, task, lane === lanes[0])) continue;
    if (chosen === null || rank(lane) < rank(chosen)) chosen = lane;
  }
  return chosen;
}

function hasRoom({ supervisor, tasks }: Lane, { request, alone }: Task, isFirst: boolean): boolean {
  if (!supervisor.ready && !isFirst) return false;
  // Streams do not end by themselves: nobody waits for that, and there are few.
  const clips = [...tasks].filter((other) => !isStream(other));
  if (alone) return clips.length === 0 && supervisor.ready;
  if (request.endless !== undefined) return true;
  for (const other of clips) if (other.alone) return false;
  const hurried = clips.filter((other) => other.request.urgent === true).length;
  return request.urgent === true ? hurried < TOGETHER : clips.length < TOGETHER;
}

export function isStream({ request }: Task): boolean {
  return request.endless !== undefined;
}

/** How much a lane has to do: one that still starts is the last choice. */
function rank({ supervisor, tasks }: Lane): number {
  return tasks.size + (supervisor.ready ? 0 : 2 * TOGETHER);
}
