import type { Handler } from '../dispatch/dispatcher.ts';
import type { HostTransport } from '../tempo/host-transport.ts';

export interface TransportDeps {
  transport: Pick<HostTransport, 'set' | 'state'>;
  /** Milliseconds since 1970, with fractions. */
  now: () => number;
}

/** `transport.set`: of no use later, but no less true, so one that comes late is no fault. */
export function transportSet({ transport, now }: TransportDeps): Handler<'transport.set'> {
  return ({ args, at }) => {
    transport.set(args, at ?? now());
    return told({ transport, now });
  };
}

/** `transport.info`. */
export function transportInfo(deps: TransportDeps): Handler<'transport.info'> {
  return () => told(deps);
}

function told({ transport, now }: TransportDeps) {
  const at = now();
  return { ...transport.state(at), at };
}
