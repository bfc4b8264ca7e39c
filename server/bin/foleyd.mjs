#!/usr/bin/env node
// The command `foleyd`: loads server/cli, compiled where it can be kept, and hands over to it. Works from any folder.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { compiled } from './compiled.mjs';

// The tsconfig.json of the folder we are called from is not ours; child processes inherit this.
process.env.TSX_TSCONFIG_PATH = fileURLToPath(new URL('../../tsconfig.json', import.meta.url));

try {
  process.cwd();
} catch {
  console.error('foleyd: io_error: the current folder does not exist any more; change to another one (cd)');
  process.exit(1);
}

const bundle = await compiled('server/cli/index.ts');
const { main } = bundle === null ? await throughTsx() : await import(bundle);
process.exitCode = await main(process.argv.slice(2));

async function throughTsx() {
  const tsx = await import('tsx/esm/api').catch((/** @type {Error} */ error) => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    console.error(`foleyd: install_failed: run "npm ci" in ${root} first (${error.message.split('\n')[0]})`);
    process.exit(1);
  });
  tsx.register();
  return import('../cli/index.ts');
}
