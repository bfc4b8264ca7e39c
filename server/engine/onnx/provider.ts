import { forkChild } from '../../util/start-child.ts';
import { providerNames } from './provider-names.ts';

export { type ProviderName, providerNames } from './provider-names.ts';

export interface ChosenProvider {
  provider: string;
  /** Why those that were tried before it do not work here. */
  problems: Record<string, string>;
}

const PATIENCE_MS = 30_000;

/**
 * The provider named, or with `auto` the first of those in the package, if it works here; the CPU otherwise. Each is
 * tried by itself, in a process that it may take down: in a list with others a missing one fails them all.
 */
export async function chooseProvider(
  wanted: string,
  bundled: readonly string[],
  attempt: (name: string) => Promise<string | null> = tryProviderInProcess,
): Promise<ChosenProvider> {
  const order: readonly string[] = providerNames;
  const names = wanted === 'auto' ? order.filter((name) => name !== 'cpu' && bundled.includes(name)) : [wanted];
  const problems: Record<string, string> = {};
  for (const name of names) {
    if (name === 'cpu') break;
    const problem = await attempt(name);
    if (problem === null) return { provider: name, problems };
    problems[name] = reason(problem);
  }
  return { provider: 'cpu', problems };
}

/** null, or why a provider does not work here. */
export function tryProviderInProcess(name: string): Promise<string | null> {
  return ask<string | null>(name).catch((error: Error) => error.message);
}

/** Names of the providers inside the installed package. */
export function bundledProvidersInProcess(): Promise<string[]> {
  return ask<string[]>('list');
}

function ask<T>(what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = forkChild(new URL('./try-provider.ts', import.meta.url), [what], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    child.once('message', (message) => resolve((message as { answer: T }).answer));
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`it ended the process (${signal ?? `exit code ${code}`})`)));
  });
}

/** The runtime's last sentence, without the place in its sources. */
function reason(message: string): string {
  const last = message.trim().split('\n').at(-1) ?? '';
  return last.replace(/^.* was false\. /, '');
}
