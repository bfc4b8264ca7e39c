// A worker thread does not inherit the loader of TypeScript (node 20): it is registered here first.
import { register } from 'tsx/esm/api';

register();
await import('./render-worker.ts');
