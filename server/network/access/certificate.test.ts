import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { makeCertificate } from '../../test/support/certificate.ts';
import { temporary } from '../../test/support/server.ts';
import { readCertificate } from './certificate.ts';

test('a pair is read, and whatever is wrong with it is said of the file it is in', async (t) => {
  const dir = await temporary(t);
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(path.join(dir, name), text);
    return path.join(dir, name);
  };
  const [own, other] = [makeCertificate(), makeCertificate()];
  const day = 86_400_000;
  const [old, young] = [makeCertificate(new Date(Date.now() - 9 * day)), makeCertificate(new Date(Date.now() + day))];
  const [cert, key] = [await file('cert.pem', own.cert), await file('key.pem', own.key)];
  assert.equal((await readCertificate(cert, key)).fingerprint, new X509Certificate(own.cert).fingerprint256);
  const refused = async (certFile: string, keyFile: string, why: RegExp): Promise<void> => {
    await assert.rejects(readCertificate(certFile, keyFile), (error: Error & { code: string }) => {
      assert.match(error.message, why);
      return error.code === 'bad_certificate';
    });
  };
  await refused(path.join(dir, 'none'), key, /--tls-cert .* cannot be read: ENOENT/);
  await refused(cert, dir, /--tls-key .* cannot be read: EISDIR/);
  await refused(key, key, /--tls-cert .* no certificate/);
  await refused(cert, cert, /--tls-key .* no private key/);
  await refused(cert, await file('other.pem', other.key), /is not the key of/);
  await refused(await file('empty.pem', ''), key, /--tls-cert/);
  await refused(await file('old.pem', old.cert), await file('old-key.pem', old.key), /was valid until/);
  await refused(await file('young.pem', young.cert), await file('young-key.pem', young.key), /is valid from/);
});
