/** A server with the fixture voices, in this process, and what its clips are made of, from a client's side. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, type CommandName, decodePcm, type EventData, type Events } from '../../../protocol/index.ts';
import { type App, createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';

export type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;

export interface Made {
  ids: string[];
  /** Of each clip. */
  pcm: Float32Array[];
  rows: Map<number, number[]>[];
  rate: number;
}

/** Of the voice `tiny`: the grid of a clip. */
export const [rows, cols] = [8, 6];

/** A server with a fixture voice, open from before the first test of a file until after its last. */
export function tinyServer(voice: 'tiny' | 'tiny-stacked' = 'tiny'): Pick<App, 'connect'> {
  const data = mkdtempSync(path.join(tmpdir(), 'foleyd-clips-'));
  const models = fileURLToPath(new URL('../../../models/fixtures', import.meta.url));
  let app: App;
  before(async () => {
    const config = { data, models, voice, listen: false, logLevel: 'silent', output: 'none' } as const;
    app = await createApp(resolveConfig(config, {}));
  });
  after(async () => {
    await app.close();
    rmSync(data, { recursive: true });
  });
  return { connect: (role) => app.connect(role) };
}

/** The same, and what its clips are made of. */
export function clipServer() {
  const server = tinyServer();

  function call<N extends CommandName>(cmd: N, args: Record<string, unknown>, on?: (answer: Answer) => void) {
    return server.connect().call(cmd, args, on) as Promise<Done<N>>;
  }

  async function made(
    cmd: 'foley.generate' | 'foley.vary' | 'foley.branch',
    args: Record<string, unknown>,
  ): Promise<Made> {
    const pcm: Float32Array[] = [];
    const rows: Map<number, number[]>[] = [];
    let rate = 0;
    const done = await call(cmd, { save: true, ...args }, ({ event, data: given }) => {
      const index = given.index as number;
      if (event === 'row') {
        rows[index] ??= new Map();
        assert.ok(!rows[index].has(given.row as number), 'a row came twice');
        rows[index].set(given.row as number, given.codes as number[]);
      }
      if (event !== 'audio') return;
      rate = given.rate as number;
      pcm[index] ??= new Float32Array(given.total as number);
      pcm[index].set(decodePcm(given.pcm as Uint8Array, 'f32'), given.offset as number);
    });
    return { ids: done.clips.map(({ clip }) => clip), pcm, rows, rate };
  }

  const codesOf = async (id: string): Promise<number[]> => (await call('clip.get', { clip: id })).clip.codes!;
  return { call, made, codesOf };
}
