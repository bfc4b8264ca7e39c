#!/usr/bin/env node
// The command `foleyd`: teaches node to read TypeScript, then hands over to server/cli. Works from any folder.
import process from 'node:process';
import { fileURLToPath } from 'node:url';

// Whatever tsconfig.json lies where somebody calls us is not ours; child processes inherit this.
process.env.TSX_TSCONFIG_PATH = fileURLToPath(new URL('../../tsconfig.json', import.meta.url));

const tsx = await import('tsx/esm/api').catch((/** @type {Error} */ error) => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  console.error(`foleyd: install_failed: run "npm ci" in ${root} first (${error.message.split('\n')[0]})`);
  process.exit(1);
});
tsx.register();
const { main } = await import('../cli/index.ts');
process.exitCode = await main(process.argv.slice(2));
