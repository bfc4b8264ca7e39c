import type { Handler } from '../dispatch/dispatcher.ts';

/** `server.ping`: answers from the server itself; the engine is not asked. */
export function serverPing(): Handler<'server.ping'> {
  return ({ args }) => ({ ...(args.payload === undefined ? {} : { payload: args.payload }), time: Date.now() });
}
