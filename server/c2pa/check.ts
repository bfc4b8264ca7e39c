/**
 * Verifies that a manifest belongs to a file, is intact, and is signed by the certificate in it. Whether to trust
 * that certificate is left to the reader of its names.
 */
import { X509Certificate } from 'node:crypto';
import { type Cbor, CborError, decodeCbor, Tagged } from './cbor.ts';
import { isSigned } from './credential.ts';
import { decodeBox, JumbfError, type ReadBox } from './jumbf.ts';
import { ALGORITHM, CHAIN, LABELS, SIGN1, sha256, toBeSigned } from './manifest.ts';

export interface Checked {
  /** Subject and issuer of the certificate that signed, one name a line; null where none can be read. */
  subject: string | null;
  issuer: string | null;
  /** What is wrong, as sentences; nothing where all holds. */
  problems: string[];
}

type Values = ReadonlyMap<number | string, Cbor>;

/** Checks a sidecar as `writeManifest` makes it, and as others do, as long as it hashes the whole file. Never throws. */
export function checkManifest(sidecar: Uint8Array, file: Uint8Array): Checked {
  const checked: Checked = { subject: null, issuer: null, problems: [] };
  try {
    check(sidecar, file, checked);
  } catch (error) {
    if (!(error instanceof JumbfError || error instanceof CborError || error instanceof Unreadable)) throw error;
    checked.problems.push(`the manifest cannot be read: ${error.message}`);
  }
  return checked;
}

class Unreadable extends Error {}

function check(sidecar: Uint8Array, file: Uint8Array, checked: Checked): void {
  const manifest = parts(decodeBox(sidecar)).at(-1);
  if (manifest === undefined) throw new Unreadable('it has no manifest');
  const claim = contentOf(named(manifest, LABELS.claim));
  const assertions = named(manifest, LABELS.assertions);
  const { problems } = checked;
  checkSignature(contentOf(named(manifest, LABELS.signature)), claim, checked);
  const references = listOf(mapOf(decodeCbor(claim)).get('created_assertions')).map(mapOf);
  for (const reference of references) {
    const label = String(reference.get('url')).split('/').at(-1) ?? '';
    const found = parts(assertions).find((one) => one.label === label);
    if (found === undefined) problems.push(`the assertion ${label} is missing`);
    else if (!isEqual(sha256(found.body), reference.get('hash'))) problems.push(`the assertion ${label} was changed`);
  }
  const labels = new Set(references.map((one) => String(one.get('url')).split('/').at(-1)));
  if (parts(assertions).length !== labels.size) problems.push('an assertion is there that is not signed');
  const hash = mapOf(decodeCbor(contentOf(named(assertions, LABELS.hash))));
  if (!references.some((one) => String(one.get('url')).endsWith(`/${LABELS.hash}`))) problems.push('no hash is signed');
  if (hash.get('alg') !== 'sha256' || listOf(hash.get('exclusions') ?? []).length > 0)
    problems.push('the hash is not SHA-256 of the whole file');
  else if (!isEqual(sha256(file), hash.get('hash'))) problems.push('the file was changed after it was signed');
}

function checkSignature(signature: Uint8Array, claim: Uint8Array, checked: Checked): void {
  const tagged = decodeCbor(signature);
  const [header, , , bytes] = listOf(tagged instanceof Tagged && tagged.tag === SIGN1 ? tagged.value : null);
  if (!(header instanceof Uint8Array && bytes instanceof Uint8Array)) throw new Unreadable('it is not signed');
  const values = mapOf(decodeCbor(header));
  const chain = values.get(CHAIN);
  const certificate = certificateIn(Array.isArray(chain) ? chain[0] : chain);
  checked.subject = certificate.subject;
  checked.issuer = certificate.issuer;
  const algorithm = Number(values.get(ALGORITHM));
  if (!isSigned(certificate, algorithm, toBeSigned(header, claim), bytes))
    checked.problems.push('the signature does not belong to the claim');
}

function certificateIn(value: Cbor | undefined): X509Certificate {
  try {
    if (value instanceof Uint8Array) return new X509Certificate(value);
  } catch {
    // Said below.
  }
  throw new Unreadable('it has no certificate');
}

function parts({ parts: all }: ReadBox): ReadBox[] {
  return all.flatMap((part) => ('content' in part ? [] : [part]));
}

function named(box: ReadBox, label: string): ReadBox {
  const found = parts(box).find((one) => one.label === label);
  if (found === undefined) throw new Unreadable(`${box.label} has no ${label}`);
  return found;
}

function contentOf({ label, parts: all }: ReadBox): Uint8Array {
  const [content] = all.flatMap((part) => ('content' in part ? [part.bytes] : []));
  if (content === undefined) throw new Unreadable(`${label} is empty`);
  return content;
}

function mapOf(value: Cbor | undefined): Values {
  if (value instanceof Map) return value;
  throw new Unreadable('a map was expected');
}

function listOf(value: Cbor | undefined): readonly Cbor[] {
  if (Array.isArray(value)) return value;
  throw new Unreadable('a list was expected');
}

function isEqual(bytes: Uint8Array, other: Cbor | undefined): boolean {
  return other instanceof Uint8Array && Buffer.compare(bytes, other) === 0;
}
