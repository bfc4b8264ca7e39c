import type { EventData } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';

export type ServerInfo = EventData<'server.info', 'done'>;

/** `server.info`. */
export function serverInfo(deps: { info: () => ServerInfo }): Handler<'server.info'> {
  return () => deps.info();
}
