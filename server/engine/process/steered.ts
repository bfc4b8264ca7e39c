import type { EndlessChange, EngineRequest } from '../engine.ts';

/** A stream that has not begun, with a change that was asked for meanwhile. */
export function steered(request: EngineRequest, change: EndlessChange): EngineRequest {
  const { endless } = request;
  if (endless === undefined) return request;
  return { ...request, endless: { ...endless, changes: withFirst(endless.changes, { ...change, step: 0 }) } };
}

/** Behind those of the same step. */
function withFirst<C extends { step: number }>(changes: readonly C[], change: C): C[] {
  const at = changes.findIndex(({ step }) => step > change.step);
  return at < 0 ? [...changes, change] : changes.toSpliced(at, 0, change);
}
