import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { certify } from '../c2pa/test/certify.ts';
import { workplace } from './test/bin.ts';

const skip = spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed';

test('sign writes a manifest beside each file, and verify says whether it is still the file’s', { skip }, async (t) => {
  const { dir, foleyd, serve } = await workplace(t);
  const { ws } = await serve();
  certify(dir, 'prime256v1');
  const sign = (...args: string[]) => foleyd('sign', '--cert', 'chain.pem', '--key', 'key.pem', '--url', ws, ...args);
  const verify = async (file: string) => {
    const { code, stdout } = await foleyd('verify', file, '--no-regenerate', '--json', '--url', ws);
    return { code, signed: (JSON.parse(stdout) as { signed: { subject: string; problems: string[] } | null }).signed };
  };
  for (const [file, ...more] of [['a.wav'], ['b.flac', '--format', 's16']]) {
    const { code, stderr } = await foleyd('generate', 'Rain', '--seed', '3', '--url', ws, '--out', file!, ...more);
    assert.equal(code, 0, stderr);
  }
  assert.deepEqual(await verify('a.wav'), { code: 0, signed: null });

  const { code, stdout, stderr } = await sign('a.wav', 'b.flac');
  assert.deepEqual([code, stdout], [0, 'a.c2pa\nb.c2pa\n'], stderr);
  for (const file of ['a.wav', 'b.flac']) {
    const { signed, ...rest } = await verify(file);
    assert.deepEqual([rest.code, signed?.subject, signed?.problems], [0, 'O=Show\nCN=Sound department', []]);
  }
  const told = await foleyd('verify', 'a.wav', '--no-regenerate', '--url', ws);
  assert.match(told.stdout, /^signed +by O=Show, CN=Sound department, certified by CN=Authority/m);

  assert.match((await sign('a.wav')).stderr, /^foleyd: io_error: a\.c2pa exists; use --force to replace it/);
  await appendFile(path.join(dir, 'a.wav'), 'more');
  assert.deepEqual(await verify('a.wav'), {
    code: 1,
    signed: {
      subject: 'O=Show\nCN=Sound department',
      issuer: 'CN=Authority',
      problems: ['the file was changed after it was signed'],
    },
  });
  assert.equal((await sign('a.wav', '--force')).code, 0);
  assert.equal((await verify('a.wav')).code, 0);

  await writeFile(path.join(dir, 'key.pem'), 'nonsense');
  const refused = await sign('a.wav', '--force');
  assert.deepEqual(
    [refused.code, /^foleyd: usage: --cert, --key: the key cannot be read/.test(refused.stderr)],
    [2, true],
  );
  const both = await sign('a.wav', 'a.flac');
  assert.equal(both.code, 2);
  assert.ok(!(await readdir(dir)).some((name) => name.includes('.part')));
});
