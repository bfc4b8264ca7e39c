/** Each write of each deed fails once in each way; then a later server is asked what is there. In this process. */
import path from 'node:path';
import { createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { connectInProcess } from '../support/memory-client.ts';
import { memoryLog } from '../support/server.ts';
import { type DeedName, deeds } from './deeds.ts';
import { arm, type Fault, faultsOf, install, told } from './disk.ts';
import { type Caller, Ledger } from './ledger.ts';
import { newFolder, PYTHON, removeFolder, scriptedModels } from './server.ts';

export interface FaultReport {
  deed: DeedName;
  /** Steps that a deed takes on the disk. */
  steps: number;
  /** Faults that came. */
  faults: number;
  acknowledged: number;
  refused: number;
}

interface Opened {
  caller: Caller;
  problems: () => Record<string, unknown>[];
  close(): Promise<void>;
}

async function open(data: string): Promise<Opened> {
  const models = await scriptedModels();
  const { log, lines } = memoryLog();
  const given = { port: 0, oscPort: 'off', data, models, output: 'none', python: PYTHON } as const;
  const config = resolveConfig(
    { ...given, midi: 'none', deliver: path.join(data, 'delivered'), limits: { drainMs: 0 } },
    {},
  );
  const app = await createApp(config, { engine: new ScriptedEngine({ samples: 64 }), log });
  await app.ready;
  return {
    caller: { client: connectInProcess(app, 'admin'), gone: new Promise(() => undefined) },
    problems: () => lines().filter(({ level }) => Number(level) >= 50),
    close: () => app.close(),
  };
}

/**
 * Tries a deed with every fault at each of its steps. Throws where something acknowledged is lost, something is there by
 * half, the deed cannot be done afterwards, or an answer is a fault of the server.
 */
export async function withFaults(deed: DeedName, only?: readonly Fault[]): Promise<FaultReport> {
  const data = await newFolder();
  await install(data);
  const report: FaultReport = { deed, steps: 0, faults: 0, acknowledged: 0, refused: 0 };
  const ledger = new Ledger();
  let count = 0;
  const newSeed = (): number => ++count * 100;
  const newName = (): string => `n${++count}`;
  ledger.known('active', 'default');
  let what = '';
  let server = await open(data);
  const act = async () => {
    const outcome = await deeds[deed]({
      caller: server.caller,
      ledger,
      random: () => 0.25,
      newSeed,
      newName,
      upload: 'u',
    });
    if (outcome?.event === 'failed' && outcome.data.code === 'internal') throw new Error(`${outcome.data.message}`);
    return outcome;
  };
  try {
    // Deliveries follow whatever has a star.
    await deeds.rule({ caller: server.caller, ledger, random: () => 0, newSeed, newName, upload: 'u' });
    // Once to have what it needs, and once to see what it takes.
    await act();
    arm(null);
    const first = await act();
    if (first?.event !== 'done') throw new Error(`without a fault: ${JSON.stringify(first?.data)}`);
    const { steps } = told();
    report.steps = steps.length;
    for (const [at, step] of steps.entries()) {
      for (const fault of faultsOf[step]) {
        if (fault === 'kill' || only?.includes(fault) === false) continue;
        what = `${fault} at step ${at} of ${steps.length}, ${step}`;
        arm({ fault, at });
        await act();
        report.faults += told().failed;
        arm(null);
        // Whatever failed, it can be done as soon as the disk is well again.
        const again = await act();
        if (again?.event !== 'done') throw new Error(`afterwards: ${JSON.stringify(again?.data)}`);
      }
    }
    what = 'after all faults';
    // What could not be delivered is tried again.
    await deeds.rule({ caller: server.caller, ledger, random: () => 0, newSeed, newName, upload: 'u' });
    await ledger.check(server.caller, data);
    const faults = server.problems();
    if (faults.length > 0) throw new Error(JSON.stringify(faults[0]));
    await server.close();
    what = 'after a restart';
    server = await open(data);
    await ledger.check(server.caller, data);
  } catch (error) {
    throw new Error(`${deed}, ${what}: ${(error as Error).message}`, { cause: error });
  } finally {
    arm(null);
    await server.close();
    await removeFolder(data);
  }
  return Object.assign(report, { acknowledged: ledger.acknowledged, refused: ledger.refused });
}
