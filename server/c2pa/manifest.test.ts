import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { CborError, decodeCbor, encodeCbor, Tagged } from './cbor.ts';
import { checkManifest } from './check.ts';
import { CredentialError, readCredential } from './credential.ts';
import { decodeBox, encodeBox } from './jumbf.ts';
import { writeManifest } from './manifest.ts';
import { certify } from './test/certify.ts';

const skip = spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed';
const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-c2pa-'));
after(() => rmSync(dir, { recursive: true }));

const file = Uint8Array.from({ length: 3000 }, (_, i) => (i * 37) & 255);
const statement = {
  name: 'a.wav',
  bytes: file,
  version: '1.2.3',
  sourceType: 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
  facts: { 'io.foleyd.recipe': { seed: 7, class: 'Rain' } },
};

// RFC 8949, appendix A.
test('CBOR is written and read as its specification says', () => {
  const examples: [string, Parameters<typeof encodeCbor>[0]][] = [
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['20', -1],
    ['3903e7', -1000],
    ['f4', false],
    ['f6', null],
    ['4401020304', Buffer.from([1, 2, 3, 4])],
    ['62c3bc', 'ü'],
    ['83010203', [1, 2, 3]],
    [
      'a201020304',
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    ['c11a514b67b0', new Tagged(1, 1_363_896_240)],
  ];
  for (const [hex, value] of examples) {
    assert.equal(encodeCbor(value).toString('hex'), hex);
    assert.deepEqual(decodeCbor(Buffer.from(hex, 'hex')), value);
  }
  for (const broken of [
    '',
    '18',
    '1b7fffffffffffffff',
    '5affffffff00',
    '9affffffff',
    'a1f400',
    '0000',
    'fb3ff199999999999a',
  ])
    assert.throws(() => decodeCbor(Buffer.from(broken, 'hex')), CborError);
  assert.throws(() => decodeCbor(Buffer.from('81'.repeat(100), 'hex')), /nested too deep/);
});

for (const kind of ['prime256v1', 'secp384r1', 'secp521r1', 'rsa', 'ed25519'] as const)
  test(`a manifest that a key of ${kind} signed is whole`, { skip }, () => {
    const { chain, key } = certify(path.join(dir, kind), kind);
    const manifest = writeManifest(statement, readCredential(chain, key));
    assert.deepEqual(checkManifest(manifest, file), {
      subject: 'O=Show\nCN=Sound department',
      issuer: 'CN=Authority',
      problems: [],
    });
    // Read and written again, it is the same.
    assert.deepEqual(encodeBox(decodeBox(manifest)), manifest);
  });

test('no byte of what is signed can change unseen, nor a byte of the file', { skip }, () => {
  const { chain, key } = certify(path.join(dir, 'changes'), 'prime256v1');
  const manifest = writeManifest(statement, readCredential(chain, key));
  for (const at of [0, 1, 1499, 2998, 2999]) {
    const other = file.slice();
    other[at]! ^= 1;
    assert.deepEqual(checkManifest(manifest, other).problems, ['the file was changed after it was signed']);
  }
  assert.match(checkManifest(manifest, file.subarray(1)).problems.join(), /the file was changed/);
  // The assertions and the claim, by their labels; what lies outside of them is names and lengths.
  const from = manifest.indexOf('c2pa.actions.v2');
  const to = manifest.lastIndexOf('c2pa.signature\0');
  assert.ok(from > 0 && to > from + 500);
  const unseen = [];
  for (let at = from; at < to - 33; at++) {
    const other = Buffer.from(manifest);
    other[at]! ^= 1;
    if (checkManifest(other, file).problems.length === 0) unseen.push(at);
  }
  // The description of the claim's box: its UUID and flags. The claim is found by its label.
  const described = manifest.indexOf('c2pa.claim.v2\0');
  assert.deepEqual(
    unseen.filter((at) => at < described - 33 || at >= described),
    [],
  );
  for (let length = 0; length < manifest.length; length += 7)
    assert.match(checkManifest(manifest.subarray(0, length), file).problems.join(), /cannot be read/);
});

test('an assertion that was put in later is told', { skip }, () => {
  const { chain, key } = certify(path.join(dir, 'added'), 'prime256v1');
  const store = decodeBox(writeManifest(statement, readCredential(chain, key)));
  const [manifest] = store.parts as [typeof store];
  const [assertions, ...others] = manifest.parts as [typeof store];
  for (const label of ['io.foleyd.more', 'io.foleyd.recipe']) {
    const more = { type: 'json', label, parts: [{ content: 'json' as const, bytes: Buffer.from('{"seed":8}') }] };
    const changed = { ...manifest, parts: [{ ...assertions, parts: [...assertions.parts, more] }, ...others] };
    const { problems } = checkManifest(encodeBox({ ...store, parts: [changed] }), file);
    assert.deepEqual(problems, ['an assertion is there that is not signed']);
  }
});

test('a manifest of an earlier version is still read', () => {
  const signed = readFileSync(new URL('test/signed.c2pa', import.meta.url));
  const whole = { subject: 'O=Show\nCN=Sound department', issuer: 'CN=Authority', problems: [] };
  assert.deepEqual(checkManifest(signed, Buffer.from('foleyd\n')), whole);
});

test('what cannot sign is refused with a reason', { skip }, () => {
  const [one, two] = ['one', 'two'].map((name) => certify(path.join(dir, name), 'prime256v1'));
  const refused = (certificates: string, key: string, why: RegExp) =>
    assert.throws(
      () => readCredential(certificates, key),
      (error) => error instanceof CredentialError && why.test(error.message),
    );
  refused(one!.chain, two!.key, /not the one of the first certificate/);
  refused('', one!.key, /expected a certificate/);
  refused(one!.chain, 'nonsense', /the key cannot be read/);
  const odd = execFileSync('openssl', ['genpkey', '-algorithm', 'ed448'], { encoding: 'utf8' });
  refused(one!.chain, odd, /not the one of/);
});
