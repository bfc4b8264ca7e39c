import process from 'node:process';
import { parseArgs } from 'node:util';
import { printableLines, toProtocolError } from '../protocol/index.ts';
import { type App, type AppParts, createApp } from './app.ts';
import { type Config, ConfigError, type ConfigInput, resolveConfig, settings } from './config.ts';
import { createLog } from './util/log.ts';
import { program } from './util/program.ts';
import { version } from './util/version.ts';

/** What the process says to the shell that started it. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, portInUse: 3 } as const;

/**
 * Runs a server until SIGINT, SIGTERM or SIGHUP, then lets open jobs finish; a second signal ends it at once.
 * Resolves with the exit code; what went wrong is in the log.
 */
export async function serve(given: ConfigInput = {}, parts: AppParts = {}): Promise<number> {
  let config: Config;
  try {
    config = resolveConfig(given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`foleyd: ${printableLines(error.message)}\n`);
    return exitCodes.usage;
  }
  const log = parts.log ?? createLog({ level: config.logLevel });
  let app: App;
  try {
    app = await createApp(config, { ...parts, log });
  } catch (thrown) {
    const error = toProtocolError(thrown);
    log.fatal({ code: error.code, ...(error.code === 'internal' ? { err: error.cause } : {}) }, error.message);
    return error.code === 'port_in_use' ? exitCodes.portInUse : exitCodes.failed;
  }
  log.info({ ...app.urls, data: config.data }, `foleyd ${version} is listening`);
  if (process.stderr.isTTY && app.urls.http !== undefined) log.info(`open ${app.urls.http} in a browser`);
  const signal = await stopSignal();
  log.info({ signal }, 'stopping: open jobs may finish, a second signal stops at once');
  const hasty = stopSignal().then(() => process.exit(exitCodes.failed));
  await Promise.race([app.close(), hasty]);
  log.info('stopped');
  return exitCodes.ok;
}

export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const heard = (signal: NodeJS.Signals): void => {
      for (const name of signals) process.removeListener(name, heard);
      resolve(signal);
    };
    for (const name of signals) process.on(name, heard);
  });
}

/** Flags of `node server/main.ts`, the server without the rest of the CLI. Throws ConfigError. */
export function readFlags(argv: readonly string[]): ConfigInput {
  const options = Object.fromEntries(settings.map(({ flag }) => [flag.slice(2), { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    const given = settings.map(({ key, flag }) => [key, values[flag.slice(2)]] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as ConfigInput;
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

if (process.argv[1] === program(new URL(import.meta.url)).file) {
  try {
    // Whatever still holds the loop (a client's half-closed socket) must not keep a stopped server alive.
    process.exit(await serve(readFlags(process.argv.slice(2))));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`foleyd: ${printableLines(error.message)}\n`);
    process.exit(exitCodes.usage);
  }
}
