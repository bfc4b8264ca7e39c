import type { Codec } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import type { TestClient } from '../support/client.ts';
import { connectHttp } from '../support/http-client.ts';
import { connectInProcess } from '../support/memory-client.ts';
import { connectOsc } from '../support/osc-client.ts';

import { connectWs, wsCodecs } from '../support/ws-client.ts';

/** What a transport cannot do, with the reason, which the suite prints beside the test it skips. */
export interface Lacks {
  /** Progress events. */
  progress?: string;
  /** Sound inside answers. */
  sound?: string;
  /** Ids chosen by the client and shared by its requests. */
  ids?: string;
  /** `voice.info` and whatever else has no address. */
  cards?: string;
  /** Codes of the rows. */
  codes?: string;
  /** An end of the connection that the server can see. */
  leaving?: string;
}

export interface TransportUnderTest {
  name: string;
  connect: (app: App) => Promise<TestClient>;
  lacks: Lacks;
}

const overWs = (codec: Codec) => (app: App) => connectWs(app, codec);

export const transports: TransportUnderTest[] = [
  { name: 'ws-json', connect: overWs(wsCodecs['ws-json']), lacks: {} },
  { name: 'ws-msgpack', connect: overWs(wsCodecs['ws-msgpack']), lacks: {} },
  { name: 'memory', connect: (app) => Promise.resolve(connectInProcess(app)), lacks: {} },
  {
    name: 'http',
    connect: (app) => Promise.resolve(connectHttp(app)),
    lacks: {
      progress: 'a POST has one response',
      sound: 'a POST answers with the URL of a WAV',
      ids: 'each POST is a connection of its own, without an id',
    },
  },
  {
    name: 'osc',
    connect: (app) => connectOsc(app),
    lacks: {
      sound: 'no sound in datagrams: a path to a WAV instead',
      codes: 'a row is told by its number',
      cards: 'a card does not fit a datagram',
      leaving: 'UDP has no connections, so nobody leaves',
    },
  },
  {
    name: 'ws-osc',
    connect: (app) => connectOsc(app, 'ws'),
    lacks: {
      sound: 'as over UDP: a path to a WAV instead',
      codes: 'a row is told by its number',
      cards: 'a card has no form in OSC',
    },
  },
];
