import { ProtocolError } from '../../protocol/index.ts';
import type { Session } from '../dispatch/dispatcher.ts';
import type { Stream } from './stream.ts';

export interface LeaseRules {
  /** Milliseconds where a client asks for no other. */
  quietMs: number;
  /** Whether a client may ask for a stream without a lease. */
  unleased: boolean;
}

/** Of clients whose end nobody sees; null of all others, and of those that asked for none. Throws bad_args. */
export function leaseMs(
  { lasting }: Pick<Session, 'lasting'>,
  lease: number | undefined,
  rules: LeaseRules,
): number | null {
  if (lasting) return null;
  if (lease === 0 && !rules.unleased) {
    const message = `args.lease: this server plays no stream without a lease (streamUnleased); expected seconds above 0`;
    throw new ProtocolError('bad_args', message, { path: 'args.lease' });
  }
  if (lease === 0) return null;
  return lease === undefined ? rules.quietMs : lease * 1000;
}

/**
 * Calls `onQuiet` once the client has sent nothing and the stream was not changed for that long. Returns a function
 * that ends it.
 */
export function watchLease(
  session: Pick<Session, 'heard'>,
  stream: Pick<Stream, 'touched'>,
  ms: number,
  onQuiet: () => void,
): () => void {
  const look = setInterval(
    () => {
      if (performance.now() - Math.max(session.heard, stream.touched) >= ms) onQuiet();
    },
    Math.min(1000, ms / 4),
  );
  look.unref();
  return () => clearInterval(look);
}
