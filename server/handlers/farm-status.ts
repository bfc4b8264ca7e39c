import type { EventData } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';

export type FarmStatus = EventData<'farm.status', 'done'>;

/** `farm.status`; `state` is `none` without a farm. */
export function farmStatus(deps: { farm: () => Promise<FarmStatus> }): Handler<'farm.status'> {
  return () => deps.farm();
}
