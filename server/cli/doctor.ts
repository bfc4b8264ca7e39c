import { type ConfigInput, resolveConfig } from '../config.ts';
import { type Check, check, verdict } from './doctor/check.ts';
import { audio, midi } from './doctor/devices.ts';
import { engine } from './doctor/engine.ts';
import { httpPort, oscPort } from './doctor/ports.ts';
import { providers } from './doctor/providers.ts';
import { python } from './doctor/python.ts';
import { dataFolder, machine, versions } from './doctor/system.ts';
import { exits, toCliError } from './errors.ts';
import { openSession } from './open-session.ts';

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** `foleyd doctor`: checks the installation. Exit code 1 if it could not make a clip or open its ports. */
export async function doctor({ json, config: given }: { json?: boolean; config: ConfigInput }): Promise<number> {
  const config = resolveConfig(given);
  const checks: Check[] = [];
  const add = (...found: Check[]): void => {
    checks.push(...found);
    if (!json) for (const one of found) process.stdout.write(`${line(one)}\n`);
  };
  add(await check('foleyd', versions), await check('machine', machine));
  const data = await check('data folder', () => dataFolder(config.data));
  add(data);
  const http = await check('http port', () => httpPort(config.host, config.port));
  add(http);
  const { oscHost, oscPort: port } = config;
  if (port !== null) add(await check('osc port', () => oscPort(oscHost, port, http.data?.state === 'foleyd')));
  add(await check('providers', () => providers(config.provider)));
  add(...(await engineChecks(given)));
  add(await check('audio', audio), await check('midi', midi), await check('python', () => python(config.python)));

  const { healthy, sentence } = verdict(checks);
  if (json) process.stdout.write(`${JSON.stringify({ healthy, checks })}\n`);
  else process.stdout.write(`${sentence}\n`);
  return healthy ? exits.ok : exits.failed;
}

async function engineChecks(config: ConfigInput): Promise<Check[]> {
  try {
    const session = await openSession({ local: true, config });
    try {
      return await engine(session);
    } finally {
      await session.close();
    }
  } catch (thrown) {
    const { code, message } = toCliError(thrown);
    return [{ name: 'engine', status: 'fail', code, detail: message }];
  }
}

function line({ name, status, detail, code }: Check): string {
  return `${MARKS[status]}  ${name.padEnd(14)}  ${detail}${code === undefined ? '' : ` [${code}]`}`;
}
