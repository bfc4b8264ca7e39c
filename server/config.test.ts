import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { ConfigError, type ConfigInput, resolveConfig, settings } from './config.ts';
import { rotateToken, tokensFile } from './network/access/tokens.ts';
import { temporary } from './test/support/server.ts';

const fails = (given: ConfigInput, pattern: RegExp, env: NodeJS.ProcessEnv = {}) => {
  assert.throws(
    () => resolveConfig(given, env),
    (error) => error instanceof ConfigError && pattern.test(error.message),
  );
};

test('without settings the server stays on loopback with the known ports', () => {
  const config = resolveConfig({}, {});
  assert.deepEqual([config.host, config.port, config.oscPort, config.voice], ['127.0.0.1', 9247, 9248, 'default']);
  assert.equal(config.limits.queueJobs, 256);
  assert.ok(path.isAbsolute(config.data));
});

test('a flag wins over the environment and the environment over the default', () => {
  assert.equal(resolveConfig({}, { FOLEYD_PORT: '7000' }).port, 7000);
  assert.equal(resolveConfig({ port: 7001 }, { FOLEYD_PORT: '7000' }).port, 7001);
  assert.deepEqual(resolveConfig({ allowHosts: 'a.local, b.local' }, {}).allowHosts, ['a.local', 'b.local']);
});

test('a setting that cannot work is named with its flag and its variable', () => {
  fails({ port: 70_000 }, /--port \(or FOLEYD_PORT\)/);
  fails({ port: 'http' }, /--port/);
  fails({}, /--log-level/, { FOLEYD_LOG_LEVEL: 'loud' });
  fails({ speed: 2 } as ConfigInput, /unknown setting: speed/);
  fails({ token: 'short' }, /--token/);
});

test('pages, hosts and senders are allowed in the spelling in which they come', () => {
  const allowOrigins = 'https://DAW.example/, https://b.example:443, http://[::1]:3000, tauri://localhost, null';
  const expected = ['https://daw.example', 'https://b.example', 'http://[::1]:3000', 'tauri://localhost', 'null'];
  assert.deepEqual(resolveConfig({ allowOrigins }, {}).allowOrigins, expected);
  assert.deepEqual(resolveConfig({ allowOrigins: 'http://müller.example' }, {}).allowOrigins, [
    'http://xn--mller-kva.example',
  ]);
  assert.deepEqual(resolveConfig({ allowHosts: '[fe80::1],Studio.local' }, {}).allowHosts, ['fe80::1', 'Studio.local']);
  const oscAllow = '192.168.1.20, ::ffff:10.0.0.1, FE80::1';
  assert.deepEqual(resolveConfig({ oscAllow }, {}).oscAllow, ['192.168.1.20', '10.0.0.1', 'fe80::1']);
});

test('what could never match a page, a host or a sender is refused when the server starts', () => {
  for (const origin of ['daw.example', 'https://daw.example/page', '*', 'file://', 'ws://daw.example', 'https://'])
    fails({ allowOrigins: `https://a.example,${origin}` }, /--allow-origin/);
  fails({ allowOrigins: 'daw.example' }, /"daw\.example": .*https:\/\/daw\.example.*scheme is missing/);
  for (const host of ['http://studio.local', 'studio.local:9247', '*']) fails({ allowHosts: host }, /--allow-host/);
  for (const sender of ['tablet.local', '192.168.1.0/24', '10.0.0.5:9000']) fails({ oscAllow: sender }, /--osc-allow/);
});

test('limits are read from text as from an object, and wrong ones are named', () => {
  assert.equal(resolveConfig({ limits: { clips: 5 } }, {}).limits.clips, 5);
  const { limits } = resolveConfig({}, { FOLEYD_LIMITS: 'clips=7, queueJobs=9' });
  assert.deepEqual([limits.clips, limits.queueJobs, limits.queueClips], [7, 9, 2048]);
  fails({ limits: 'clips=many' }, /--limits/);
  fails({ limits: 'clip=3' }, /unknown limit clip; expected one of .*clips/);
  fails({ limits: 'clips=x' }, /^--limits \(or FOLEYD_LIMITS\): clips: expected a number$/);
  fails({ limits: 'clips=0' }, /clips: expected a number of at least 1$/);
});

test('OSC can be turned off', () => {
  assert.equal(resolveConfig({ oscPort: 'off' }, {}).oscPort, null);
  for (const oscPort of ['1.5', 'on', '70000']) fails({ oscPort }, /--osc-port.* number from 0 to 65535/);
});

test('a host beyond loopback refuses to start without a token', () => {
  fails({ host: '0.0.0.0' }, /--token/);
  assert.equal(resolveConfig({ host: '0.0.0.0', token: 'a long secret' }, {}).host, '0.0.0.0');
});

test('a kept play token opens a host beyond loopback; a file of tokens that cannot be read does not', async (t) => {
  const data = await temporary(t);
  await rotateToken(data, 'admin');
  fails({ host: '0.0.0.0', data }, /--token/);
  await rotateToken(data, 'play');
  assert.equal(resolveConfig({ host: '0.0.0.0', data }, {}).host, '0.0.0.0');
  await writeFile(tokensFile(data), '{');
  fails({ host: '0.0.0.0', data }, /file of tokens/);
});

test('half a pair for TLS, and OSC for admins of other machines, are refused', () => {
  fails({ tlsCert: 'a.pem' }, /need each other/);
  fails({ oscHost: '0.0.0.0', oscAllow: '10.0.0.2', oscRole: 'admin' }, /--osc-role/);
});

test('OSC beyond loopback refuses to start without a list of senders', () => {
  fails({ oscHost: '0.0.0.0' }, /--osc-allow/);
  assert.deepEqual(resolveConfig({ oscHost: '0.0.0.0', oscAllow: '10.0.0.2' }, {}).oscAllow, ['10.0.0.2']);
});

test('the admin token must not be the token everyone has', () => {
  fails({ token: 'a long secret', adminToken: 'a long secret' }, /--admin-token/);
});

test('every setting has its own flag and variable', () => {
  assert.equal(new Set(settings.map(({ flag }) => flag)).size, settings.length);
  assert.equal(new Set(settings.map(({ env }) => env)).size, settings.length);
});

test('the help states the defaults that the configuration has', () => {
  const config = resolveConfig({}, {}) as unknown as Record<string, unknown>;
  const stated = settings.flatMap(({ key, doc }) => {
    const [, value] = /; default: ([\w.]+)(?:;|$)/.exec(doc) ?? [];
    return value === undefined ? [] : [[key, value] as const];
  });
  for (const key of ['host', 'port', 'oscHost', 'oscPort', 'voice', 'gate', 'voiceMemory'])
    assert.ok(
      stated.some(([one]) => one === key),
      key,
    );
  // What the machine decides, such as threads, has none here.
  for (const [key, value] of stated) if (config[key] !== undefined) assert.equal(String(config[key]), value, key);
});
