import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ProtocolError } from '../../../protocol/index.ts';

/** What TLS is served with. */
export interface Certificate {
  /** PEM: the server's own, then those that vouch for it. */
  cert: Buffer;
  key: Buffer;
  /** SHA-256 in hex by colons. */
  fingerprint: string;
}

/** Reads and compares both. Throws bad_certificate, which says what is wrong with which of them. */
export async function readCertificate(certFile: string, keyFile: string): Promise<Certificate> {
  const [cert, key] = [await read('--tls-cert', certFile), await read('--tls-key', keyFile)];
  const own = parse('--tls-cert', certFile, 'no certificate in PEM', () => new X509Certificate(cert));
  const secret = parse('--tls-key', keyFile, 'no private key in PEM without a passphrase', () => createPrivateKey(key));
  if (!own.checkPrivateKey(secret))
    throw new ProtocolError(
      'bad_certificate',
      `--tls-key ${keyFile} is not the key of --tls-cert ${certFile}; name the pair that was made together`,
    );
  const { validFrom, validTo } = own;
  if (Date.parse(validTo) < Date.now())
    throw new ProtocolError('bad_certificate', `--tls-cert ${certFile} was valid until ${validTo}; renew it`);
  if (Date.parse(validFrom) > Date.now())
    throw new ProtocolError(
      'bad_certificate',
      `--tls-cert ${certFile} is valid from ${validFrom} on; check this machine's clock, or use another`,
    );
  parse('--tls-cert', certFile, 'not usable', () => createSecureContext({ cert, key }));
  return { cert, key, fingerprint: own.fingerprint256 };
}

async function read(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ProtocolError('bad_certificate', `${flag} ${file} cannot be read: ${why}`, { cause });
  }
}

function parse<T>(flag: string, file: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new ProtocolError('bad_certificate', `${flag} ${file} is ${what}: ${(cause as Error).message}`, { cause });
  }
}
