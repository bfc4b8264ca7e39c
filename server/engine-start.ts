import { hostname } from 'node:os';
import { toProtocolError } from '../protocol/index.ts';
import { type Config, farmAddress } from './config.ts';
import type { Engine } from './engine/engine.ts';
import { tryVoice } from './engine/inference/self-test.ts';
import { type Log, logLineOf } from './util/log.ts';
import type { VoiceCatalog } from './voices/catalog.ts';
import type { Voice } from './voices/voice.ts';

/** Loads a voice beside the others and tries it. Rejects with an EngineError. */
export async function loadAndTry(engine: Engine, voice: Voice): Promise<void> {
  for (const model of voice.models) {
    await engine.load(model.dir);
    await tryVoice((request) => engine.run(request, () => undefined).done, model);
  }
}

/** Loads the active voice, so that the first clip does not wait. A broken one is no reason not to start. */
export async function warm(catalog: VoiceCatalog, engine: Engine): Promise<string | null> {
  try {
    for (const { dir } of (await catalog.find()).models) await engine.load(dir);
    return null;
  } catch (thrown) {
    const { code, message } = toProtocolError(thrown);
    return `${code}: ${message}`;
  }
}

/** Loaded only when it is used: tests that bring their own engine need no runtime. */
export async function startEngine(config: Config, log: Log, onDemand: boolean): Promise<Engine> {
  const own = await startOwnEngine(config, log, onDemand);
  const address = farmAddress(config);
  // A process that runs one command makes its clips itself.
  if (address === null || !config.listen) return own;
  const { FarmEngine } = await import('./farm/engine.ts');
  return new FarmEngine({
    address,
    name: `foleyd on ${hostname()}`,
    local: own,
    log: logLineOf(log, { from: 'farm' }),
  });
}

/** The engine of this process. */
export async function startOwnEngine(config: Config, log: Log, onDemand: boolean): Promise<Engine> {
  const { createEngine } = await import('./engine/process/pool.ts');
  return createEngine({
    ...(config.threads === undefined ? {} : { threads: config.threads }),
    provider: config.provider,
    voiceMemory: config.voiceMemory,
    onDemand,
    ...(config.lanes === undefined ? {} : { lanes: config.lanes }),
    log: logLineOf(log, { from: 'engine' }),
  });
}
