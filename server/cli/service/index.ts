import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type ConfigInput, resolveConfig } from '../../config.ts';
import { writeAtomic } from '../../util/atomic-file.ts';
import { CliError, exits } from '../errors.ts';
import { type Definition, definitionOf, type System } from './definition.ts';

/** `foleyd service install`: `args` are those of serve as they were given, `settings` the same as they were read. */
export async function installService(args: readonly string[], settings: ConfigInput): Promise<number> {
  resolveConfig(settings); // a service that cannot start is not installed
  const own = process.argv[1] ?? '';
  // npm removes what npx fetched when it likes.
  if (own.split(path.sep).includes('_npx'))
    throw new CliError(
      'usage',
      'npx keeps foleyd only for now; install it (npm install --global foleyd), then try again',
    );
  const definition = defined([process.execPath, own, 'serve', ...args], args.length === 0 ? homedir() : process.cwd());
  const { file } = definition;
  if (file !== null) {
    await mkdir(path.dirname(file.path), { recursive: true });
    await writeAtomic(file.path, file.text);
    process.stdout.write(`${file.path}\n`);
  }
  for (const command of definition.install) await must(command);
  process.stderr.write('foleyd is running, and starts whenever you log in; foleyd service status shows its state\n');
  return exits.ok;
}

/** `foleyd service remove`: stops it, too. What the server keeps stays. */
export async function removeService(): Promise<number> {
  const { file, remove, removed } = defined([], homedir());
  for (const command of remove) await must(command);
  if (file !== null) await rm(file.path, { force: true });
  for (const command of removed) await must(command);
  return exits.ok;
}

/** `foleyd service status`: what the service manager of the system says. */
export async function serviceStatus(): Promise<number> {
  if ((await run(defined([], homedir()).status)) === 0) return exits.ok;
  process.stderr.write('foleyd: the service is not installed or not running; start it with: foleyd service install\n');
  return exits.failed;
}

function defined(command: readonly string[], folder: string): Definition {
  const system: System = {
    platform: process.platform,
    home: homedir(),
    uid: process.getuid?.() ?? null,
    config: process.env.XDG_CONFIG_HOME,
  };
  try {
    return definitionOf({ command, folder }, system);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError('usage', error.message);
    throw error;
  }
}

async function must(command: readonly string[]): Promise<void> {
  const code = await run(command);
  if (code !== 0)
    throw new CliError('service_failed', `${command.join(' ')} failed with exit code ${code}; its output is above`);
}

/** Its output is the user's. */
async function run([file = '', ...args]: readonly string[]): Promise<number | null> {
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close').catch((error: Error) => {
    throw new CliError(
      'service_failed',
      `${file} cannot be run: ${error.message}; this system may have another service manager`,
    );
  })) as [number | null];
  return code;
}
