import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CAT_ID } from '../protocol/cat-id.ts';
import { issueText } from '../protocol/issue-text.ts';
import { providerNames } from './engine/onnx/provider-names.ts';
import { addressProblem, type BrokerAddress } from './farm/address.ts';
import { type LimitsInput, limitsSchema } from './limits.ts';
import { readAddress, readHostName, readOrigin } from './network/access/allowed.ts';
import { readTokens } from './network/access/tokens.ts';
import { isLoopback } from './network/loopback.ts';
import { settings } from './settings.ts';
import { defaultDataDir } from './util/data-folder.ts';

export { settings } from './settings.ts';

const port = z.coerce.number<unknown>('expected a number from 0 to 65535').int().min(0).max(65_535);
const names = z.union([z.string().transform((text) => text.split(',')), z.array(z.string())]).transform((list) => {
  return list.map((name) => name.trim()).filter((name) => name !== '');
});
/** Names that are read one by one, each with a problem of its own. */
const namesAs = (read: typeof readOrigin) =>
  names.transform((list, context) =>
    list.flatMap((text) => {
      const found = read(text);
      if ('value' in found) return [found.value];
      context.addIssue({ code: 'custom', message: `${JSON.stringify(text)}: ${found.problem}` });
      return [];
    }),
  );
/** An address of IPv6 may come in the brackets that it has in URLs. */
const host = z
  .string()
  .min(1)
  .transform((text) => text.replace(/^\[(.+)\]$/, '$1'));
const secret = z.string().min(8, 'expected at least 8 characters').max(256);

const configSchema = z.strictObject({
  host: host.default('127.0.0.1'),
  port: port.default(9247),
  oscHost: host.default('127.0.0.1'),
  /** null: no OSC. */
  oscPort: z
    .union([z.literal('off').transform(() => null), z.null(), port], 'expected a number from 0 to 65535, or off')
    .default(9248),
  /** Sender addresses besides loopback that OSC answers. */
  oscAllow: namesAs(readAddress).default([]),
  /** false: no port is opened; only the in-process transport works. */
  listen: z.boolean().default(true),
  voice: z.string().min(1).max(64).default('default'),
  data: z.string().min(1),
  models: z.string().min(1),
  token: secret.optional(),
  adminToken: secret.optional(),
  /** Files in PEM: with both, HTTP and WebSocket are served over TLS, on the same port. */
  tlsCert: z.string().min(1).optional(),
  tlsKey: z.string().min(1).optional(),
  /** Role of whoever sends OSC: datagrams carry no token. */
  oscRole: z.enum(['play', 'admin']).default('play'),
  allowHosts: namesAs(readHostName).default([]),
  allowOrigins: namesAs(readOrigin).default([]),
  threads: z.coerce.number<unknown>().int().min(1).max(256).optional(),
  /** Where decoder and vocoder run. */
  provider: z.enum(providerNames).default('cpu'),
  /** Processes that make clips. */
  lanes: z.coerce.number<unknown>().int().min(1).max(64).optional(),
  /** The broker of a render farm, and who one is there. */
  farm: z
    .string()
    .superRefine((text, context) => {
      const problem = addressProblem(text);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
  farmCredentials: z.string().min(1).optional(),
  farmCa: z.string().min(1).optional(),
  farmCert: z.string().min(1).optional(),
  farmKey: z.string().min(1).optional(),
  /** Megabytes of memory that voices may take in each of them. */
  voiceMemory: z.coerce
    .number<unknown>()
    .int()
    .min(1)
    .max(2 ** 20)
    .default(512),
  /** Where sound is played: a device's name, none, or what the system has. */
  output: z.string().min(1).max(256).default('auto'),
  /** A WAV file that takes what is played. */
  record: z.string().min(1).optional(),
  /** What happens to a voice whose FAD is worse than the active one's by more than the margin (a share). */
  gate: z.enum(['off', 'warn', 'refuse']).default('warn'),
  gateMargin: z.coerce.number<unknown>().min(0).max(10).default(0.1),
  /** Over mDNS. auto: what is open to other machines, to them; on: what is not as well, on this machine alone. */
  announce: z.enum(['auto', 'on', 'off']).default('auto'),
  /** MIDI inputs: all while a map needs MIDI, all of them, none, or those with these names. */
  midi: z.union([z.enum(['auto', 'all', 'none']), names]).default('auto'),
  /** Folders of this machine that data sets may be made of. */
  datasetFolders: names.default([]),
  /** The folder that files may be delivered to; none without. */
  deliver: z.string().min(1).optional(),
  /** CatIDs of classes, for the names of files. */
  catIds: z
    .union([z.string().transform(pairsFromText), z.record(z.string(), z.string())])
    .pipe(z.record(z.string(), z.string().regex(CAT_ID, 'expected a UCS CatID such as ANMLDog')))
    .default({}),
  /** Interpreter that training is done with. */
  python: z.string().min(1).optional(),
  /** Threads of a training. */
  trainingThreads: z.coerce
    .number<unknown>()
    .int()
    .min(1)
    .max(256)
    .default(() => Math.max(1, availableParallelism() >> 1)),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  limits: z.custom<string | LimitsInput>().transform(limitsFromText).pipe(limitsSchema).prefault({}),
});

/** `clips=500,queueJobs=64` -> the same as an object. */
function limitsFromText(given: string | LimitsInput): LimitsInput {
  if (typeof given !== 'string') return given;
  return Object.fromEntries(Object.entries(pairsFromText(given)).map(([name, value]) => [name, Number(value)]));
}

/** `a=1,b=2` -> the same as an object of texts. */
function pairsFromText(given: string): Record<string, string> {
  const pairs = given.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => pair.split('=')).map(([name = '', value = '']) => [name.trim(), value.trim()]),
  );
}

export type Config = z.infer<typeof configSchema>;
export type ConfigInput = Partial<z.input<typeof configSchema>>;

/** What a person set cannot work; the message says which setting and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Flags win over the environment, the environment over the defaults. Throws ConfigError. */
export function resolveConfig(given: ConfigInput = {}, env: NodeJS.ProcessEnv = process.env): Config {
  const merged: Record<string, unknown> = { data: defaultDataDir(env), models: modelsDir };
  for (const { key, env: name } of settings) {
    const value = env[name];
    if (value !== undefined && value !== '') merged[key] = value;
  }
  for (const [key, value] of Object.entries(given)) if (value !== undefined) merged[key] = value;
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => explain(issue)).join('\n'));
  const config = { ...parsed.data, data: path.resolve(parsed.data.data), models: path.resolve(parsed.data.models) };
  if (!isLoopback(config.host) && config.token === undefined && !hasToken(config.data)) {
    const how = '--token SECRET, or one made by: foleyd token rotate play';
    throw new ConfigError(`--host ${config.host} opens the server to other machines: it needs ${how}`);
  }
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    throw new ConfigError('--tls-cert and --tls-key need each other: give both');
  }
  if ((config.farmCert === undefined) !== (config.farmKey === undefined)) {
    throw new ConfigError('--farm-cert and --farm-key need each other: give both');
  }
  if (!isLoopback(config.oscHost) && config.oscAllow.length === 0) {
    throw new ConfigError(`--osc-host ${config.oscHost} opens OSC to other machines: it needs --osc-allow with theirs`);
  }
  if (!isLoopback(config.oscHost) && config.oscRole === 'admin') {
    throw new ConfigError(
      '--osc-role admin is allowed only if OSC listens on this machine alone, because a datagram does not prove who sent it',
    );
  }
  if (config.adminToken !== undefined && config.adminToken === config.token) {
    throw new ConfigError('--admin-token must differ from --token');
  }
  return config;
}

/** Where the farm is; null where none is configured. */
export function farmAddress({ farm, farmCredentials, farmCa, farmCert, farmKey }: Config): BrokerAddress | null {
  if (farm === undefined) return null;
  return { url: farm, credentials: farmCredentials, ca: farmCa, certificate: farmCert, key: farmKey };
}

const modelsDir = fileURLToPath(new URL('../models', import.meta.url));

function hasToken(data: string): boolean {
  try {
    return readTokens(data).play !== undefined;
  } catch (error) {
    throw new ConfigError(
      `the file of tokens in ${data} cannot be read: ${(error as Error).message}; mend it, or delete it and create tokens with foleyd token rotate`,
    );
  }
}

function explain(issue: z.core.$ZodIssue): string {
  const setting = settings.find(({ key }) => key === issue.path[0]);
  const where = setting === undefined ? issue.path.join('.') : `${setting.flag} (or ${setting.env})`;
  if (issue.code === 'unrecognized_keys' && setting?.key === 'limits')
    return `${where}: unknown limit ${issue.keys.join(', ')}; expected one of ${Object.keys(limitsSchema.shape).join(', ')}`;
  if (issue.code === 'unrecognized_keys') return `unknown setting: ${issue.keys.join(', ')}`;
  const part = issue.path.length > 1 ? `${issue.path.slice(1).join('.')}: ` : '';
  return `${where}: ${part}${issueText(issue)}`;
}
