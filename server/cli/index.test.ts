import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { BIN, workplace } from './test/bin.ts';

test('a wrong command line says what is wrong and exits with 2', async (t) => {
  const { foleyd } = await workplace(t);
  for (const [args, said] of [
    [['sing'], /foleyd: usage: unknown command 'sing'/],
    [['help', 'sing'], /^foleyd: usage: unknown command 'sing'\nRun foleyd --help for usage\.\n$/],
    [['help', 'voice', 'sing'], /^foleyd: usage: unknown command 'sing'/],
    [['voice', 'help', 'sing'], /^foleyd: usage: unknown command 'sing'/],
    [['generate'], /foleyd: usage: name a class/],
    [['play'], /foleyd: usage: missing required argument 'CLIPS'\nRun foleyd play --help for usage\.\n$/],
    [['service', 'start'], /^foleyd: usage: unknown command 'start'; expected install, remove, status or help\n/],
    [['jobs', 'cancel', 'x'], /too many arguments for 'jobs'.*\nRun foleyd jobs --help for usage\./],
    [['generate', 'Rain', '--count', 'many'], /foleyd: usage: .*--count.*expected a number/],
    [['generate', 'Rain', '--url', 'http://x'], /foleyd: usage: .*expected ws: or wss:/],
    [['generate', 'Rain', '--format', 'mp3'], /foleyd: usage: .*f32, s16/],
    [['serve', '--port', '99999'], /--port \(or FOLEYD_PORT\)/],
    [['--port', '99999'], /--port \(or FOLEYD_PORT\)/],
  ] as const) {
    const ran = await foleyd(...args);
    assert.equal(ran.code, 2, `${args.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, said);
    assert.equal(ran.stdout, '');
  }
});

test('help and version are no failures', async (t) => {
  const { foleyd } = await workplace(t);
  const help = await foleyd('--help');
  assert.equal(help.code, 0);
  for (const command of [
    'serve',
    'generate',
    'fad',
    'activate',
    'rollback',
    'voices\\|classes',
    'voice',
    'token',
    'doctor',
  ])
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
  assert.deepEqual(await foleyd('help'), help);
  assert.deepEqual(await foleyd('classes', '--help'), await foleyd('help', 'voices'));
  const voice = await foleyd('voice', 'export', '--help');
  for (const asked of [
    ['help', 'voice', 'export'],
    ['voice', 'help', 'export'],
  ])
    assert.deepEqual(await foleyd(...asked), voice);
  assert.match((await foleyd('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('the help of a command shows the options of its own first', async (t) => {
  const { foleyd } = await workplace(t);
  const { stdout } = await foleyd('generate', '--help');
  const at = (text: string): number => {
    const found = stdout.indexOf(text);
    assert.notEqual(found, -1, text);
    return found;
  };
  const places = [
    'Arguments:',
    'Options:',
    '--seed <N>',
    '--json',
    'Server, or engine in this process:',
    '--url <WS>',
  ].map(at);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(at('--provider <NAME>') > at('Server, or engine'));
});

test('what the server refuses is told in the words of the command line', async (t) => {
  const { foleyd } = await workplace(t);
  for (const [args, told] of [
    [['generate', '7', '--count', '0'], 'foleyd: bad_args: --count: expected a number of at least 1\n'],
    [['generate', '7', '--top-k', '-1'], 'foleyd: bad_args: --top-k: expected a number of at least 0\n'],
    [['generate', ''], 'foleyd: bad_args: <class>: expected text, not an empty one\n'],
    [
      ['generate', '7', '--envelope', '0.2,-1'],
      'foleyd: bad_args: --envelope, entry 2, time: expected a number of at least 0\n',
    ],
    [['clips', '--limit', '0'], 'foleyd: bad_args: --limit: expected a number of at least 1\n'],
    [['datasets', '--delete', 'a/b'], 'foleyd: bad_args: --delete: expected letters, digits, - and _\n'],
    [['datasets', '--remove', 'a/b'], 'foleyd: bad_args: --remove: expected letters, digits, - and _\n'],
    [['clips', 'none'], 'foleyd: unknown_clip: there is no clip "none"; foleyd clips lists the clips\n'],
  ] as const)
    assert.equal((await foleyd(...args)).stderr, told);
});

test('without a command it serves', async (t) => {
  const { dir, env } = await workplace(t);
  const none = promisify(execFile)(BIN, [], { cwd: dir, env: { ...env, FOLEYD_PORT: '99999' } });
  await assert.rejects(none, { code: 2, stderr: /--port \(or FOLEYD_PORT\)/ });
});

test('through a link and from any folder it is the same command', {
  skip: process.platform === 'win32' ? 'npm makes shims there, no links' : false,
}, async (t) => {
  const { dir, env } = await workplace(t);
  const link = path.join(dir, 'foleyd');
  await symlink(BIN, link);
  const { stdout } = await promisify(execFile)(link, ['voices', '--json'], { cwd: dir, env });
  const voices = JSON.parse(stdout) as { id: string; active: boolean; classes: unknown[] }[];
  assert.deepEqual(
    voices.map(({ id, active }) => [id, active]),
    [
      ['tiny', true],
      ['tiny-freq', false],
      ['tiny-padded', false],
      ['tiny-stacked', false],
      ['tiny-time', false],
      ['tiny-vq', false],
    ],
  );
  assert.equal(voices[0]?.classes.length, 7);
});

test('a server that was named and is not there is an error, not a reason to make the clip here', async (t) => {
  const { foleyd } = await workplace(t);
  const ran = await foleyd('generate', 'Rain', '--url', 'ws://127.0.0.1:1/ws');
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /^foleyd: no_server: /);
});

test('a server with a token is asked with it, and says so to whoever has none', async (t) => {
  const { dir, env, foleyd, serve } = await workplace(t);
  const { ws } = await serve('--token', 'open-sesame');
  // Otherwise the secret of this machine, which lies in the server's data folder, would do.
  env.FOLEYD_DATA = path.join(dir, 'other');
  const refused = await foleyd('voices', '--url', ws);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^foleyd: unauthorized: .*--token/);
  const ran = await foleyd('generate', 'Rain', '--url', ws, '--token', 'open-sesame', '--out', 'a.wav');
  assert.deepEqual([ran.code, ran.stdout], [0, 'a.wav\n'], ran.stderr);
});

test('serve says where it listens, two of it share neither data nor port, and SIGTERM ends it well', async (t) => {
  const { dir, env, foleyd, serve } = await workplace(t);
  const { http, stop } = await serve();
  const health = (await (await fetch(new URL('/health', http))).json()) as { name: string };
  assert.equal(health.name, 'foleyd');
  const again = ['serve', '--port', new URL(http).port, '--osc-port', '0'];
  const owned = await foleyd(...again);
  assert.equal(owned.code, 1);
  assert.match(owned.stderr, /data_in_use/);
  env.FOLEYD_DATA = path.join(dir, 'other');
  const second = await foleyd(...again);
  assert.equal(second.code, 3);
  assert.match(second.stderr, /port_in_use/);
  assert.equal(await stop(), 0);
});

test('doctor finds the engine, every voice and the ports, and knows a broken voice', async (t) => {
  const { env, foleyd } = await workplace(t);
  const ran = await foleyd('doctor', '--json', '--port', '0', '--osc-port', '0');
  const { healthy, checks } = JSON.parse(ran.stdout) as {
    healthy: boolean;
    checks: { name: string; status: string; code?: string; data?: { active?: string } }[];
  };
  assert.deepEqual([ran.code, healthy], [0, true], ran.stdout);
  const status = Object.fromEntries(checks.map((c) => [c.name, c.status]));
  for (const name of [
    'foleyd',
    'data folder',
    'http port',
    'osc port',
    'providers',
    'engine',
    'voice tiny',
    'voice tiny-time',
  ]) {
    assert.equal(status[name], 'ok', name);
  }
  for (const name of ['audio', 'midi', 'python']) assert.ok(['ok', 'warn'].includes(status[name] ?? ''), name);
  assert.equal(checks.find((c) => c.name === 'providers')?.data?.active, 'cpu');

  env.FOLEYD_VOICE = 'absent';
  const sick = await foleyd('doctor', '--port', '0', '--osc-port', '0');
  assert.equal(sick.code, 1);
  assert.match(sick.stdout, /^FAIL {2}voice .*\[voice_missing\]$/m);
});
