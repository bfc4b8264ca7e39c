import type { Handler } from '../dispatch/dispatcher.ts';
import type { Dates } from '../playback/clock.ts';
import type { HostTransport } from '../tempo/host-transport.ts';

export interface TransportDeps {
  transport: Pick<HostTransport, 'set' | 'state'>;
  clock: Dates;
}

/** `transport.set`: of no use later, but no less true, so one that comes late is no fault. */
export function transportSet({ transport, clock }: TransportDeps): Handler<'transport.set'> {
  return ({ args, at }) => {
    transport.set(args, at === null ? clock.now() : clock.ofDate(at));
    return told({ transport, clock });
  };
}

/** `transport.info`. */
export function transportInfo(deps: TransportDeps): Handler<'transport.info'> {
  return () => told(deps);
}

function told({ transport, clock }: TransportDeps) {
  const at = clock.now();
  return { ...transport.state(at), at: clock.dateOf(at) };
}
