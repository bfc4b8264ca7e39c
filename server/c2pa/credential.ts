/** Certificates and keys that sign manifests: COSE_Sign1 (RFC 9052) by the algorithms that C2PA allows. */
import { createPrivateKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';

/** Why something cannot sign. */
export class CredentialError extends Error {}

interface Algorithm {
  /** As COSE numbers it. */
  id: number;
  hash: string | null;
}

export interface Credential {
  key: KeyObject;
  /** The one that signs, then those that vouch for it. */
  chain: X509Certificate[];
  algorithm: Algorithm;
}

const PSS = -37;
const ALGORITHMS: Record<string, Algorithm> = {
  prime256v1: { id: -7, hash: 'sha256' },
  secp384r1: { id: -35, hash: 'sha384' },
  secp521r1: { id: -36, hash: 'sha512' },
  rsa: { id: PSS, hash: 'sha256' },
  ed25519: { id: -8, hash: null },
};

/** PEM of a key, and of certificates, the one of the key first. Throws CredentialError. */
export function readCredential(certificates: string, key: string): Credential {
  const chain = certificates
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((part) => part.includes('-----BEGIN CERTIFICATE-----'))
    .map((part) => attempt('certificate', () => new X509Certificate(part)));
  const own = attempt('key', () => createPrivateKey(key));
  const [first] = chain;
  if (first === undefined) throw new CredentialError('expected a certificate in PEM form');
  if (!first.checkPrivateKey(own)) throw new CredentialError('the key is not the one of the first certificate');
  return { key: own, chain, algorithm: algorithmOf(own) };
}

function attempt<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CredentialError(`the ${what} cannot be read: ${(error as Error).message}`);
  }
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Algorithm {
  const found = ALGORITHMS[(type === 'ec' ? details?.namedCurve : type) ?? ''];
  if (found !== undefined) return found;
  throw new CredentialError(
    `keys of type ${type} do not sign manifests; expected EC P-256, P-384, P-521, RSA or Ed25519`,
  );
}

export function signed({ key, algorithm }: Credential, bytes: Uint8Array): Buffer {
  return sign(algorithm.hash, bytes, optionsFor(key, algorithm.id));
}

/** Whether the certificate's key signed this, by the algorithm of this number. Never throws: the certificate may say anything. */
export function isSigned(certificate: X509Certificate, id: number, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const { publicKey: key } = certificate;
    const algorithm = algorithmOf(key);
    return algorithm.id === id && verify(algorithm.hash, bytes, optionsFor(key, id), signature);
  } catch {
    // A key that is none, or of a kind that signs no manifest.
    return false;
  }
}

/** COSE has both numbers of an ECDSA signature one after the other, not in DER; RSA is PSS, its salt as long as the hash. */
function optionsFor(key: KeyObject, id: number) {
  return { key, dsaEncoding: 'ieee-p1363' as const, ...(id === PSS ? { padding: 6, saltLength: 32 } : {}) };
}
