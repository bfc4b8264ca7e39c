import type { EndlessChange, EngineRequest } from '../engine.ts';

/** The request of a stream that has not started yet, with a change that was requested since. */
export function withPendingChange(request: EngineRequest, change: EndlessChange): EngineRequest {
  const { endless } = request;
  if (endless === undefined) return request;
  return { ...request, endless: { ...endless, changes: withFirst(endless.changes, { ...change, step: 0 }) } };
}

/** Inserted after changes of the same step. */
function withFirst<C extends { step: number }>(changes: readonly C[], change: C): C[] {
  const at = changes.findIndex(({ step }) => step > change.step);
  return at < 0 ? [...changes, change] : changes.toSpliced(at, 0, change);
}
