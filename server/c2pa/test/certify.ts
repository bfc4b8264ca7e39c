/** A certificate that may sign manifests, by an authority of its own, made by openssl: files in a folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What C2PA asks of the certificate that signs. */
const EXTENSIONS = `basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=emailProtection
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
`;

export type KeyKind = 'prime256v1' | 'secp384r1' | 'secp521r1' | 'rsa' | 'ed25519';

/** PEM of the certificate and its authority's, and of the key; also as `chain.pem` and `key.pem` in the folder. */
export function certify(dir: string, kind: KeyKind): { chain: string; key: string } {
  mkdirSync(dir, { recursive: true });
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const key = (file: string): void => {
    const curve = kind === 'rsa' || kind === 'ed25519' ? [] : ['-pkeyopt', `ec_paramgen_curve:${kind}`];
    openssl('genpkey', '-algorithm', curve.length === 0 ? kind.toUpperCase() : 'EC', ...curve, '-out', file);
  };
  key('authority.key');
  key('key.pem');
  writeFileSync(path.join(dir, 'extensions'), EXTENSIONS);
  const authority = ['-subj', '/CN=Authority', '-days', '30', '-addext', 'basicConstraints=critical,CA:TRUE'];
  openssl('req', '-x509', '-new', '-key', 'authority.key', ...authority, '-out', 'authority.pem');
  openssl('req', '-new', '-key', 'key.pem', '-subj', '/O=Show/CN=Sound department', '-out', 'leaf.csr');
  const by = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '30'];
  openssl('x509', '-req', '-in', 'leaf.csr', ...by, '-extfile', 'extensions', '-out', 'leaf.pem');
  const [leaf, own] = ['leaf.pem', 'authority.pem'].map((file) => readFileSync(path.join(dir, file), 'utf8'));
  const chain = `${leaf}${own}`;
  writeFileSync(path.join(dir, 'chain.pem'), chain);
  return { chain, key: readFileSync(path.join(dir, 'key.pem'), 'utf8') };
}
