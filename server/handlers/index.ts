import type { Playback } from '../playback/playback.ts';
import type { Handlers } from '../registry.ts';
import { adminFad, type FadDeps, voiceScores } from './admin-fad.ts';
import { cancel } from './cancel.ts';
import { type GenerateDeps, generate } from './generate.ts';
import { type ClockDeps, serverClock } from './server-clock.ts';
import { type ServerInfo, serverInfo } from './server-info.ts';
import { serverPing } from './server-ping.ts';
import { voiceInfo } from './voice-info.ts';
import { voiceList } from './voice-list.ts';

export interface HandlerDeps extends GenerateDeps, ClockDeps, FadDeps {
  info: () => ServerInfo;
  /** Opened by the first who asks. */
  playback: () => Promise<Playback>;
}

/** Every handler there is; the type makes sure that each declared command has one. */
export function createHandlers(deps: HandlerDeps): Handlers {
  return {
    'foley.generate': generate(deps),
    'foley.cancel': cancel(deps),
    'voice.list': voiceList(deps),
    'voice.info': voiceInfo(deps),
    'server.info': serverInfo(deps),
    'server.ping': serverPing(),
    'server.clock': serverClock(deps),
    'admin.fad': adminFad(deps),
    'voice.scores': voiceScores(deps),
  };
}
