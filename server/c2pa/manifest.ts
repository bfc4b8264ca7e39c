/**
 * A C2PA manifest (specification 2.1) for a file, kept beside it as NAME.c2pa: that a model made it, by which recipe and voice, and
 * the hash of all its bytes, signed.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type Cbor, encodeCbor, Tagged } from './cbor.ts';
import { type Credential, signed } from './credential.ts';
import { bodyOf, type Content, encodeBox, type SuperBox } from './jumbf.ts';

export interface Statement {
  /** Of the file that is signed. */
  name: string;
  bytes: Uint8Array;
  /** Of foleyd. */
  version: string;
  /** URI of the IPTC. */
  sourceType: string;
  /** Facts by the label of their assertion, as JSON. */
  facts: Readonly<Record<string, unknown>>;
}

export const LABELS = {
  store: 'c2pa',
  assertions: 'c2pa.assertions',
  claim: 'c2pa.claim.v2',
  signature: 'c2pa.signature',
  actions: 'c2pa.actions.v2',
  hash: 'c2pa.hash.data',
} as const;
/** In a COSE header: the algorithm, and the chain of certificates. */
export const [ALGORITHM, CHAIN] = [1, 33];
export const SIGN1 = 18;

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** What a signature is of. */
export function toBeSigned(header: Uint8Array, claim: Uint8Array): Buffer {
  return encodeCbor(['Signature1', header, new Uint8Array(), claim]);
}

export function writeManifest(statement: Statement, credential: Credential): Buffer {
  const { name, bytes, version, sourceType, facts } = statement;
  const label = `urn:c2pa:${randomUUID()}`;
  const agent = { name: 'foleyd', version };
  const assertions = [
    cborBox(LABELS.actions, {
      actions: [{ action: 'c2pa.created', digitalSourceType: sourceType, softwareAgent: agent }],
    }),
    ...Object.entries(facts).map(([one, fact]) => jsonBox(one, fact)),
    cborBox(LABELS.hash, { alg: 'sha256', hash: sha256(bytes), name: 'bytes of the file', pad: new Uint8Array() }),
  ];
  const claim = encodeCbor({
    instanceID: `xmp:iid:${randomUUID()}`,
    claim_generator_info: agent,
    signature: `self#jumbf=/${LABELS.store}/${label}/${LABELS.signature}`,
    created_assertions: assertions.map((box) => {
      return { url: `self#jumbf=${LABELS.assertions}/${box.label}`, hash: sha256(bodyOf(box)) };
    }),
    'dc:title': name,
    alg: 'sha256',
  });
  const manifest: SuperBox = {
    type: 'c2ma',
    label,
    parts: [
      { type: 'c2as', label: LABELS.assertions, parts: assertions },
      { type: 'c2cl', label: LABELS.claim, parts: [{ content: 'cbor', bytes: claim }] },
      { type: 'c2cs', label: LABELS.signature, parts: [{ content: 'cbor', bytes: signature(claim, credential) }] },
    ],
  };
  return encodeBox({ type: 'c2pa', label: LABELS.store, parts: [manifest] });
}

/** COSE_Sign1 of a claim that lies elsewhere. */
function signature(claim: Uint8Array, credential: Credential): Buffer {
  const chain = credential.chain.map(({ raw }) => raw);
  const header = encodeCbor(
    new Map<number, Cbor>([
      [ALGORITHM, credential.algorithm.id],
      [CHAIN, chain.length === 1 ? chain[0]! : chain],
    ]),
  );
  return encodeCbor(new Tagged(SIGN1, [header, {}, null, signed(credential, toBeSigned(header, claim))]));
}

function cborBox(label: string, value: Cbor): SuperBox {
  return box('cbor', label, { content: 'cbor', bytes: encodeCbor(value) });
}

function jsonBox(label: string, value: unknown): SuperBox {
  return box('json', label, { content: 'json', bytes: Buffer.from(JSON.stringify(value), 'utf8') });
}

function box(type: string, label: string, content: Content): SuperBox {
  return { type, label, parts: [content] };
}
