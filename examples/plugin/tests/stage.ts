import { after, before, describe, type TestContext } from 'node:test';
import WebSocket from 'ws';
import { connect } from '../../../protocol/client.ts';
import { type Workplace, workplace } from '../../../server/cli/test/bin.ts';
import { built, lacks } from './build.ts';
import { type Format, Host } from './host.ts';

/** As the parameter says it. */
export const Status = {
  off: 0,
  connecting: 1,
  noServer: 2,
  tokenNeeded: 3,
  fetching: 4,
  ready: 5,
  unknownClass: 6,
  unknownVoice: 7,
  badAddress: 9,
} as const;
/** Frames of the small voice's clip at 48 kHz, and some. */
export const CLIP = 14_000;

export interface Stage {
  place: Workplace;
  ws: string;
  host(format: Format, env?: Record<string, string>): Host;
}

/** Tests of the built plugin that share one server; each has hosts of its own. They skip where `programs` are missing. */
export function withServer(
  name: string,
  tests: (stage: (t: TestContext) => Stage) => void,
  ...programs: string[]
): void {
  const cleanups: (() => unknown)[] = [];
  const shared = { place: undefined as unknown as Workplace, ws: '' };
  describe(name, { skip: lacks(...programs) }, () => {
    before(async () => {
      built();
      // The server's helpers want a test to end with; this one ends with all of them.
      shared.place = await workplace({ after: (fn: () => unknown) => cleanups.push(fn) } as unknown as TestContext);
      shared.ws = (await shared.place.serve()).ws;
    });
    after(async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
    });
    tests((t) => {
      const { place, ws } = shared;
      return { place, ws, host: (format, env = {}) => new Host(t, format, place.dir, { FOLEYD_URL: ws, ...env }) };
    });
  });
}

/** A host at work, with every clip it wants. */
export async function readyHost(
  stage: Stage,
  format: Format,
  values: Record<string, number> = {},
  rate = 48_000,
): Promise<Host> {
  const host = stage.host(format);
  await host.set(values);
  await host.tell('activate', rate, 256);
  await host.until('Status', Status.ready);
  return host;
}

/** What the server itself makes of clip `k` of a zone. */
export async function served(ws: string, zone: number, k: number, rate: number, seed = 1): Promise<Float32Array> {
  const client = await connect(ws, { codec: 'msgpack', WebSocket: WebSocket as never });
  const made = await client.generate({ class: zone === 8 ? 0 : zone, seed: seed * 65_536 + zone * 4096 + k, rate });
  client.close();
  return made.clips[0]!.sound!.pcm;
}
