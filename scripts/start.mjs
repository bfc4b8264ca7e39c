// `npm start`: installs what is missing, builds the console where it is old, then becomes `foleyd serve` with the same
// arguments.
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, ready } from './bootstrap.mjs';
import { ensureConsole } from './console.mjs';

await ready({ dev: false });
await ensureConsole();
const bin = path.join(ROOT, 'server', 'bin', 'foleyd.mjs');
process.argv.splice(1, 1, bin, 'serve');
await import(pathToFileURL(bin).href);
