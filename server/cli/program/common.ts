/** What the declarations of all commands share. Their code is loaded when they run, so that each start loads one. */
import { type Command, Option } from 'commander';
import type { ConfigInput } from '../../config.ts';
import { addSettings, givenSettings, type SettingKey } from '../options.ts';

/** Settings of an engine in this process; giving one means that no running server is asked. */
const ENGINE: readonly SettingKey[] = ['models', 'threads', 'lanes', 'provider'];
const LOCAL: readonly SettingKey[] = ['data', ...ENGINE];

/** Heading of the options that most commands have. */
const WHERE = 'Server, or engine in this process:';

/** Options as commander gives them, of commands that talk to a server or run an engine. */
export interface Connecting extends Record<string, unknown> {
  url?: string;
  token?: string;
  local?: boolean;
}

/** Adds commands to the program. `run` takes what a command does and keeps its exit code. */
export type Declare = (program: Command, run: (code: number) => void) => void;

/** Adds the options that choose the server, or the engine in this process. */
export function connecting(command: Command): Command {
  addServerOptions(command).addOption(
    new Option('--local', 'run an engine in this process even if a server is running').helpGroup(WHERE),
  );
  return addSettings(command, LOCAL, WHERE);
}

/** For commands that make sense with a running server only. */
export function connectingOnly(command: Command): Command {
  return addSettings(addServerOptions(command), ['data'], WHERE);
}

function addServerOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <WS>', 'connect to this server only, e.g. ws://127.0.0.1:9247/ws').helpGroup(WHERE))
    .addOption(new Option('--token <SECRET>', 'token of that server (or FOLEYD_TOKEN)').helpGroup(WHERE));
}

export function choice<T extends Connecting>(options: T): T & { local: boolean; config: ConfigInput } {
  const config = givenSettings(options);
  return { ...options, local: options.local === true || ENGINE.some((key) => key in config), config };
}

/** For an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
