/**
 * Runs in a process of its own, which a provider may take down: `try-provider.ts NAME` sends its parent what keeps the
 * provider from working, or null; `try-provider.ts list` the names of those in the package.
 */
import { fileURLToPath } from 'node:url';
import { bundledProviders, tryProvider } from './runtime.ts';

/** A small graph that every checkout has. */
const GRAPH = fileURLToPath(new URL('../../../models/fixtures/tiny/vocoder.onnx', import.meta.url));

const [, , name = ''] = process.argv;
const answer = name === 'list' ? bundledProviders() : (await tryProvider(name, GRAPH)).problem;
process.send?.({ answer }, () => process.exit());
