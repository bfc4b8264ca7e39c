import { askChild } from '../child.ts';
import { type Finding, fail, ok } from './check.ts';
import type { ProviderTrial } from './provider.ts';

const PATIENCE_MS = 60_000;

/** Which execution providers of onnxruntime work here, tried one at a time, each in a process that it may take down. */
export async function providers(): Promise<Finding> {
  const place = new URL('./provider.ts', import.meta.url);
  const { active, bundled } = await askChild<{ active: string; bundled: string[] }>(place, ['list'], PATIENCE_MS);
  const tried: Record<string, string> = {};
  for (const name of new Set([active, ...bundled])) {
    const trial = await askChild<ProviderTrial>(place, ['try', name], PATIENCE_MS).catch((error: Error) => ({
      problem: error.message,
    }));
    tried[name] = trial.problem === null ? 'works' : `does not work (${reason(trial.problem)})`;
  }
  const all = Object.entries(tried).map(([name, said]) => `${name}${name === active ? ' (active)' : ''} ${said}`);
  const detail = all.join('; ');
  return tried[active] === 'works' ? ok(detail, { active, tried }) : fail('engine_unavailable', detail);
}

/** The runtime's last sentence, without the place in its sources. */
function reason(message: string): string {
  const last = message.trim().split('\n').at(-1) ?? '';
  return last.replace(/^.* was false\. /, '');
}
