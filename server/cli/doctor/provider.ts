/** Runs in a process of its own: `provider.ts list` or `provider.ts try NAME` sends one message to its parent. */
import { fileURLToPath } from 'node:url';
import { bundledProviders, provider, tryProvider } from '../../engine/ort.ts';

export type ProviderTrial = Awaited<ReturnType<typeof tryProvider>>;

/** A small graph that every checkout has. */
const GRAPH = fileURLToPath(new URL('../../../models/fixtures/tiny/vocoder.onnx', import.meta.url));

const [, , what, name = ''] = process.argv;
const answer = what === 'list' ? { active: provider, bundled: bundledProviders() } : await tryProvider(name, GRAPH);
process.send?.(answer, () => process.exit());
