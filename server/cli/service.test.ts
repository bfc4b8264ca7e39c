import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { definitionOf, type System } from './service/definition.ts';
import { BIN, workplace } from './test/bin.ts';

const system: System = { platform: 'linux', home: '/home/me', uid: 501 };
const command = ['/opt/my node', '/opt/foleyd.mjs', 'serve', '--data', '/d/100% "of" $HOME\\x'];
const hasVerify = process.platform === 'linux' && spawnSync('systemd-analyze', ['--version']).status === 0;

test('a user unit quotes what systemd reads in another way', () => {
  const { file, install } = definitionOf({ command, folder: '/work/50%' }, system);
  assert.equal(file!.path, '/home/me/.config/systemd/user/foleyd.service');
  assert.match(
    file!.text,
    /^ExecStart="\/opt\/my node" "\/opt\/foleyd\.mjs" "serve" "--data" "\/d\/100%% \\"of\\" \$\$HOME\\\\x"$/m,
  );
  assert.match(file!.text, /^WorkingDirectory=\/work\/50%%$/m);
  assert.deepEqual(install.at(-1), ['systemctl', '--user', 'restart', 'foleyd.service']);
});

test('a launch agent is a property list with the arguments as they are', () => {
  const { file, install } = definitionOf(
    { command: ['/n', '<&>'], folder: '/' },
    { ...system, platform: 'darwin', home: '/Users/me' },
  );
  assert.equal(file!.path, '/Users/me/Library/LaunchAgents/foleyd.plist');
  assert.match(file!.text, /<string>\/n<\/string>\n +<string>&lt;&amp;&gt;<\/string>/);
  assert.deepEqual(install, [['launchctl', 'bootstrap', 'gui/501', file!.path]]);
});

test('a Windows task has its command in one line, and says when it cannot take one', () => {
  const windows: System = { platform: 'win32', home: 'C:\\Users\\me', uid: null };
  const { file, install } = definitionOf(
    { command: ['C:\\Program Files\\node.exe', 'serve'], folder: 'C:\\' },
    windows,
  );
  assert.equal(file, null);
  assert.equal(install[0]!.at(-1), '"C:\\Program Files\\node.exe" serve');
  for (const argument of ['a"b', 'x'.repeat(300)])
    assert.throws(() => definitionOf({ command: [argument], folder: 'C:\\' }, windows), RangeError);
});

test('systemd takes the unit', { skip: hasVerify ? false : 'systemd-analyze is not installed' }, async (t) => {
  const { dir } = await workplace(t);
  const unit = path.join(dir, 'foleyd.service');
  const { file } = definitionOf(
    { command: [process.execPath, BIN, 'serve', '--data', `${dir}/a b`], folder: dir },
    system,
  );
  await writeFile(unit, file!.text);
  const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', unit]);
  assert.doesNotMatch(stderr, /foleyd\.service/);
});

test('install writes the unit and has it started; a setting that is wrong, or a manager that refuses, is told', {
  skip: process.platform === 'linux' ? false : 'the stand-in for systemctl is a shell script',
}, async (t) => {
  const { dir, env, foleydWith } = await workplace(t);
  const bin = path.join(dir, 'bin');
  const calls = path.join(dir, 'calls');
  await mkdir(bin);
  await writeFile(path.join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >> '${calls}'\n[ "$2" != disable ]\n`);
  await chmod(path.join(bin, 'systemctl'), 0o755);
  const with_ = { ...env, HOME: dir, XDG_CONFIG_HOME: undefined, PATH: `${bin}:${env.PATH}` };
  const wrong = await foleydWith(with_, 'service', 'install', '--port', '99999');
  assert.match(wrong.stderr, /--port/);
  assert.equal(wrong.code, 2);
  const made = await foleydWith(with_, 'service', 'install', '--port', '9300');
  assert.equal(made.code, 0, made.stderr);
  const text = await readFile(made.stdout.trim(), 'utf8');
  assert.match(text, /"serve" "--port" "9300"$/m);
  assert.match(text, new RegExp(`^WorkingDirectory=${dir}$`, 'm'));
  assert.deepEqual((await readFile(calls, 'utf8')).trim().split('\n'), [
    '--user daemon-reload',
    '--user enable foleyd.service',
    '--user restart foleyd.service',
  ]);
  const refused = await foleydWith(with_, 'service', 'remove');
  assert.match(
    refused.stderr,
    /service_failed: systemctl --user disable --now foleyd\.service failed with exit code 1/,
  );
});
