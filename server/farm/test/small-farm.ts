import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { EngineRequest, EngineResult } from '../../engine/engine.ts';
import { requestOf } from '../../engine/fixtures.ts';
import { ScriptedEngine } from '../../test/support/engine.ts';
import { writeVoice } from '../../test/support/voice.ts';
import type { BrokerAddress } from '../address.ts';
import { FarmEngine } from '../engine.ts';
import { readCard } from '../fingerprint.ts';
import { BrokerLink } from '../link.ts';
import type { WorkerLimits } from '../names.ts';
import { FarmWorker } from '../worker.ts';
import { WorkerVoices } from '../worker-voices.ts';
import { skip, TestBroker } from './broker.ts';

export interface SmallFarm {
  /** Folder of a voice that no other test has. */
  voiceDir: string;
  log: string[];
  desk(engine?: ScriptedEngine, address?: BrokerAddress): FarmEngine;
  worker(
    engine?: ScriptedEngine,
    limits?: Partial<WorkerLimits>,
    roots?: string[],
    address?: BrokerAddress,
  ): FarmWorker;
}

/** One broker for the tests of a file, started before them and ended after them. */
export function sharedBroker(): { broker(): TestBroker; root(): string; farm(t: TestContext): Promise<SmallFarm> } {
  let broker: TestBroker;
  let root: string;
  let voices = 0;
  before(async () => {
    if (skip !== false) return;
    root = await mkdtemp(path.join(tmpdir(), 'foleyd-farm-'));
    broker = await TestBroker.start();
  });
  after(async () => {
    if (skip !== false) return;
    await broker.stop();
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    broker: () => broker,
    root: () => root,
    farm: (t) => smallFarm(t, broker, path.join(root, `${++voices}`)),
  };
}

/** Servers and workers of one test, with a voice of its own: none of it sees another test's jobs. */
async function smallFarm(t: TestContext, broker: TestBroker, root: string): Promise<SmallFarm> {
  const models = path.join(root, 'models');
  const voiceDir = await writeVoice(models, 'default', {}, `test ${path.basename(root)} `);
  const log: string[] = [];
  const tell = (level: string, message: string): void => void log.push(`${level}: ${message}`);
  let names = 0;
  return {
    voiceDir,
    log,
    desk(local = new ScriptedEngine(), address = { url: broker.url }) {
      const engine = new FarmEngine({ address, name: 'desk', local, log: tell, retryMs: 50 });
      t.after(() => engine.close());
      return engine;
    },
    worker(engine = new ScriptedEngine({ slots: 4 }), limits = {}, roots = [models], address = { url: broker.url }) {
      const name = `render-${++names}`;
      const link = new BrokerLink({ address, name, log: tell, retryMs: 50 });
      const cache = path.join(root, `cache-${names}`);
      const voices = new WorkerVoices({ roots, cache, maxBytes: 1e6, check: async () => undefined, log: tell });
      const worker = new FarmWorker({ link, engine, voices, name, host: 'test', version: '0', log: tell, limits });
      t.after(async () => {
        engine.release();
        await worker.drain(0);
        await link.close();
      });
      return worker;
    },
  };
}

export function order(voiceDir: string, seed: number, change: Partial<EngineRequest> = {}): EngineRequest {
  return requestOf(voiceDir, [1, 0, 0, 0, 0, 0, 0], { seed, ...change });
}

export function make(engine: FarmEngine, request: EngineRequest): Promise<EngineResult> {
  return engine.run(request, () => undefined).done;
}

/** Until a worker makes the voice that the desk asks for. */
export async function served(desk: FarmEngine, voiceDir: string): Promise<void> {
  await desk.load(voiceDir);
  const { sha256 } = await readCard(voiceDir);
  await until(() =>
    desk.roster.list().some(({ offers, leaving }) => !leaving && offers.some(({ voice }) => voice === sha256)),
  );
}

export async function until(holds: () => boolean): Promise<void> {
  for (let ms = 0; !holds(); ms += 5) {
    if (ms > 20_000) throw new Error(`it did not come about: ${holds}`);
    await wait(5);
  }
}
