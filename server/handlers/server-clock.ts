import type { Handler } from '../dispatch/dispatcher.ts';
import type { Dates } from '../playback/clock.ts';
import type { Playback } from '../playback/playback.ts';

export interface ClockDeps {
  clock: Dates;
  /** Null until something is played. */
  openPlayback: () => Playback | null;
}

/** `server.clock`: answered at once, so that both ways take about as long. */
export function serverClock({ clock, openPlayback }: ClockDeps): Handler<'server.clock'> {
  const date = (): number => clock.dateOf(clock.now());
  return ({ args }) => {
    const t2 = date();
    const playback = openPlayback();
    const audio = playback === null ? null : clock.dateOf(playback.now());
    return { t1: args.t1 ?? null, t2, t3: date(), audio, latency: playback?.info().latency ?? 0 };
  };
}
