import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { resolveConfig } from '../../server/config.ts';
import { ROOT } from '../bootstrap.mjs';

/** Lines that end with a backslash go on. */
const text = readFileSync(path.join(ROOT, 'scripts/package/Containerfile'), 'utf8').replaceAll(/\\\n\s*/g, '');
const instructions = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const of = (name: string): string[] =>
  instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

test('the Containerfile copies the server and no other package, and runs it as a user who is not root', () => {
  const known = /^(FROM|RUN|COPY|USER|ENV|VOLUME|EXPOSE|CMD) /;
  assert.deepEqual(
    instructions.filter((line) => !known.test(line)),
    [],
  );
  const [copied = ''] = of('COPY');
  const [from = ''] = copied.split(' ');
  // As Go's filepath.Match reads it: * is no /, [0-9] one digit.
  const pattern = new RegExp(`^${from.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  const { version } = packageJson;
  const built = ['foleyd', 'foleyd-client'].map((name) => `build/packages/${name}-${version}.tgz`);
  assert.deepEqual(
    built.filter((name) => pattern.test(name)),
    [built[0]],
  );
  assert.deepEqual(of('USER'), ['node']);
  assert.ok(
    instructions.findIndex((line) => line.startsWith('USER')) >
      instructions.findLastIndex((line) => line.startsWith('RUN')),
  );
});

test('the settings of the Containerfile want a token, and with one the server takes them', () => {
  const env = Object.fromEntries(of('ENV').flatMap((line) => line.split(' ').map((one) => one.split('='))));
  assert.throws(() => resolveConfig({}, env), /token/);
  const { host, port, oscPort, data } = resolveConfig({}, { ...env, FOLEYD_TOKEN: 'a-long-secret' });
  assert.deepEqual([host, oscPort, data], ['0.0.0.0', null, '/data']);
  assert.deepEqual(of('EXPOSE'), [`${port}/tcp`]);
  assert.deepEqual(of('VOLUME'), [data]);
});
