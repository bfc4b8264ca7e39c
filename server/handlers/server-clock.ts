import type { Handler } from '../dispatch/dispatcher.ts';
import type { Playback } from '../playback/playback.ts';

export interface ClockDeps {
  /** Milliseconds since 1970, with fractions. */
  now: () => number;
  /** Null until something is played. */
  openPlayback: () => Playback | null;
}

/** `server.clock`: answered at once, so that both ways take about as long. */
export function serverClock(deps: ClockDeps): Handler<'server.clock'> {
  return ({ args }) => {
    const t2 = deps.now();
    const playback = deps.openPlayback();
    const audio = playback?.now() ?? null;
    return { t1: args.t1 ?? null, t2, t3: deps.now(), audio, latency: playback?.info().latency ?? 0 };
  };
}
