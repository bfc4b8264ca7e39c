import type { EventData } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';

export type FarmStatus = EventData<'farm.status', 'done'>;

/** `farm.status`: of a server without a farm it says that there is none. */
export function farmStatus(deps: { farm: () => Promise<FarmStatus> }): Handler<'farm.status'> {
  return () => deps.farm();
}
