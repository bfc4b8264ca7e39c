import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../test/support/certificate.ts';
import { workplace } from './test/bin.ts';

test('on one’s own machine admin commands need no flags, with TLS or without, and others need a token', async (t) => {
  const { dir, env, foleyd, foleydWith, serve } = await workplace(t);
  const { cert, key } = makeCertificate();
  await writeFile(path.join(dir, 'cert.pem'), cert);
  await writeFile(path.join(dir, 'key.pem'), key);
  for (const tls of [[], ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem']]) {
    const { ws, stop } = await serve(...tls);
    const own = await foleyd('activate', 'tiny-time', '--force');
    assert.deepEqual([own.code, own.stdout], [0, 'tiny-time is active, tiny was\n'], own.stderr);
    assert.equal((await foleyd('rollback')).code, 0);
    // The same person with another data folder is to the server as anyone else.
    const other = { ...env, FOLEYD_DATA: path.join(dir, 'other'), NODE_EXTRA_CA_CERTS: path.join(dir, 'cert.pem') };
    const asOther = (...args: string[]) => foleydWith(other, ...args);
    const refused = await asOther('rollback', '--url', ws);
    assert.deepEqual([refused.code, /^foleyd: forbidden/.test(refused.stderr)], [1, true], refused.stderr);
    const token = (await foleyd('token', 'rotate', 'admin')).stdout.trim();
    assert.equal((await asOther('activate', 'tiny-vq', '--force', '--url', ws, '--token', token)).code, 0);
    assert.equal((await foleyd('rollback')).code, 0);
    await foleyd('token', 'rotate', 'admin');
    assert.match((await asOther('rollback', '--url', ws, '--token', token)).stderr, /^foleyd: unauthorized/);
    await stop();
  }
});

test('tokens are told by when they were made, and only of roles there are', async (t) => {
  const { foleyd } = await workplace(t);
  assert.equal((await foleyd('token')).stdout, 'play: no token\nadmin: no token\n');
  const made = await foleyd('token', 'rotate', 'play');
  assert.match(made.stdout, /^[\w-]{43}\n$/);
  assert.match((await foleyd('token')).stdout, /^play: since \d{4}-.*\nadmin: no token\n$/);
  assert.equal((await foleyd('token', 'delete', 'play')).stdout, 'play: no token\n');
  // The former name, for scripts; the help does not show it.
  assert.equal((await foleyd('token', 'remove', 'play')).stdout, 'play: there was no token\n');
  assert.doesNotMatch((await foleyd('token', '--help')).stdout, /remove/);
  assert.equal((await foleyd('token', 'rotate', 'king')).code, 2);
});

test('files for TLS that cannot be used end the start with their name', async (t) => {
  const { dir, foleyd } = await workplace(t);
  await cp(fileURLToPath(import.meta.url), path.join(dir, 'cert.pem'));
  const ran = await foleyd('serve', '--port', '0', '--osc-port', '0', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem');
  assert.equal(ran.code, 1);
  assert.match(ran.stdout + ran.stderr, /bad_certificate.*--tls-key key\.pem cannot be read: ENOENT/);
  assert.match((await foleyd('serve', '--tls-cert', 'cert.pem')).stderr, /--tls-cert and --tls-key need each other/);
});
