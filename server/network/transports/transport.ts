import { ProtocolError } from '../../../protocol/index.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Refusals } from '../../dispatch/refusals.ts';
import type { LogLine } from '../../util/log-line.ts';

/** What every transport is given. A transport translates; what a request does is decided behind the dispatcher. */
export interface TransportContext {
  dispatcher: Dispatcher;
  /** Says what a person should know about a client: refused, closed for being slow, and the like. */
  log: LogLine;
  /** Hears of each message that no command came of. */
  refused?: Refusals['tell'];
}

/** A port that is open. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** The fields of a log line about an error. */
export function errorFields(error: ProtocolError): Record<string, unknown> {
  return { code: error.code, reason: error.message };
}

/** Why a port could not be opened, in words. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number, udp = false): ProtocolError {
  const what = `${udp ? 'UDP ' : ''}port ${port} of ${host}`;
  if (error.code === 'EADDRINUSE') {
    const flag = udp ? '--osc-port' : '--port';
    return new ProtocolError('port_in_use', `${what} is in use; choose another with ${flag}, or 0 for any`, {
      cause: error,
    });
  }
  const why = error.code === 'EACCES' ? 'not allowed' : (error.code ?? error.message);
  return new ProtocolError('io_error', `${what} cannot be opened: ${why}`, { cause: error });
}
