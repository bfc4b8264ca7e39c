import type { Handler } from '../dispatch/dispatcher.ts';

/** `server.ping`: answered by the server alone, without the engine. */
export function serverPing(): Handler<'server.ping'> {
  return ({ args }) => ({ ...(args.payload === undefined ? {} : { payload: args.payload }), time: Date.now() });
}
