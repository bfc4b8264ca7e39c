import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ConfigInput } from '../config.ts';
import { settings } from '../settings.ts';

type Setting = (typeof settings)[number];
export type SettingKey = Setting['key'];

/** Adds the server's settings as options, all of them or those named, under a heading of the help; help and variables come from their one table. */
export function addSettings(command: Command, only?: readonly SettingKey[], heading = 'Options:'): Command {
  for (const { key, flag, value, env, doc } of settings) {
    if (only !== undefined && !only.includes(key)) continue;
    command.addOption(new Option(`${flag} <${value}>`, `${doc} (or ${env})`).helpGroup(heading));
  }
  return command;
}

/** What was given of the settings, for resolveConfig: it checks values and reads the variables. */
export function givenSettings(options: Record<string, unknown>): ConfigInput {
  const given = settings.map(({ key, flag }) => [key, options[new Option(flag).attributeName()]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as ConfigInput;
}

/** A finite number; the server checks its range. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number');
  return value;
}

export function integer(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number');
  return value;
}
