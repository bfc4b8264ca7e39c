import type { Role } from '../../protocol/index.ts';
import { resolveConfig } from '../config.ts';
import { readTokens, removeToken, rotateToken } from '../network/access/tokens.ts';
import { CliError, exits } from './errors.ts';
import type { SessionChoice } from './open-session.ts';

/** `foleyd token`: says which roles have one, never what it is. */
export function listTokens({ config }: SessionChoice): number {
  const kept = readTokens(dataOf(config));
  for (const role of ['play', 'admin'] as const)
    process.stdout.write(`${role}: ${kept[role] === undefined ? 'no token' : `since ${kept[role].since}`}\n`);
  return exits.ok;
}

/** `foleyd token rotate ROLE`: the one time that a token is seen. A running server takes it at once, and the old one no more. */
export async function rotate(role: string, { config }: SessionChoice): Promise<number> {
  process.stdout.write(`${await rotateToken(dataOf(config), roleOf(role))}\n`);
  process.stderr.write('foleyd: save it now, it is not shown again; clients take it as --token or FOLEYD_TOKEN\n');
  return exits.ok;
}

/** `foleyd token delete ROLE`. */
export async function deleteToken(role: string, { config }: SessionChoice): Promise<number> {
  const was = await removeToken(dataOf(config), roleOf(role));
  process.stdout.write(was ? `${role}: no token\n` : `${role}: there was no token\n`);
  return exits.ok;
}

function dataOf(config: SessionChoice['config']): string {
  return resolveConfig({ ...config, listen: false }).data;
}

function roleOf(role: string): Role {
  if (role === 'play' || role === 'admin') return role;
  throw new CliError('usage', `${role} is not a role; the roles are play and admin`);
}
