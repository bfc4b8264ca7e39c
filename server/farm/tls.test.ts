/** A farm whose broker speaks only TLS, with certificates of an authority of its own, and knows who is who by them or by NATS credentials. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { BrokerLink } from './link.ts';
import { skip as noBroker, TestBroker } from './test/broker.ts';
import { make, order, served, sharedBroker } from './test/small-farm.ts';

const skip =
  noBroker !== false ? noBroker : spawnSync('openssl', ['version']).status === 0 ? false : 'there is no openssl';
const { farm } = sharedBroker();
let dir: string;
const at = (name: string): string => path.join(dir, name);

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** A key, and a certificate that the authority of this name signed. */
async function certify(name: string, authority: string, names = 'DNS:localhost,IP:127.0.0.1'): Promise<void> {
  await writeFile(at(`${name}.ext`), `subjectAltName=${names}\n`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}-key.pem`];
  openssl('req', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
  const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}-key.pem`, '-CAcreateserial'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`);
}

before(async () => {
  if (skip !== false) return;
  dir = await mkdtemp(path.join(tmpdir(), 'foleyd-tls-'));
  for (const name of ['ca', 'other-ca']) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}-key.pem`];
    openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', `${name}.pem`);
  }
  await certify('broker', 'ca');
  await certify('desk', 'ca');
  await certify('stranger', 'other-ca');
});
after(async () => {
  if (skip === false) await rm(dir, { recursive: true, force: true });
});

async function start(name: string, config: string): Promise<TestBroker> {
  await writeFile(at(name), `jetstream { store_dir: $FOLEYD_NATS_STORE }\n${config}`);
  return TestBroker.start(['--config', at(name)]);
}

function tls(verify: boolean): string {
  const files = `cert_file: "${at('broker.pem')}", key_file: "${at('broker-key.pem')}", ca_file: "${at('ca.pem')}"`;
  return `tls { ${files}, verify: ${verify} }\n`;
}

/** What is wrong with a connection that is refused. */
async function refusal(address: ConstructorParameters<typeof BrokerLink>[0]['address']): Promise<string> {
  let tell = (_message: string): void => undefined;
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const link = new BrokerLink({ address, name: 'refused', log: (_level, message) => tell(message), retryMs: 50 });
  const message = await told;
  assert.equal(link.broker, null);
  await link.close();
  return message;
}

test('clips come over TLS from a broker that asks for certificates, and who has none or another gets nothing', {
  skip,
}, async (t) => {
  const broker = await start('tls.conf', tls(true));
  t.after(() => broker.stop());
  const url = broker.url.replace('nats://', 'tls://');
  const address = { url, ca: at('ca.pem'), certificate: at('desk.pem'), key: at('desk-key.pem') };
  const { voiceDir, desk, worker } = await farm(t);
  // The voice goes through the broker too.
  worker(undefined, {}, [], address);
  const server = desk(undefined, address);
  await served(server, voiceDir);
  const clips = await Promise.all(
    [{}, { urgent: true }].map((more, seed) => make(server, order(voiceDir, seed, more))),
  );
  assert.deepEqual(
    clips.map(({ maker }) => maker?.worker),
    ['render-1', 'render-1'],
  );
  assert.equal((await server.farm.status()).problem, null);
  // Whoever does not know the authority, shows no certificate, or one of another authority.
  assert.match(await refusal({ ...address, ca: at('other-ca.pem') }), /certificate/i);
  assert.match(await refusal({ url, ca: at('ca.pem') }), /cannot be used/);
  const stranger = { certificate: at('stranger.pem'), key: at('stranger-key.pem') };
  assert.match(await refusal({ ...address, ...stranger }), /cannot be used/);
});

test('clips come over TLS with NATS credentials, and credentials of another account get nothing', {
  skip,
}, async (t) => {
  const [operator, system, account, other] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createAccount(),
  ];
  const operatorJwt = jwt(operator.getPublicKey(), 'operator', operator, { type: 'operator' });
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accounts = [
    [account, { ...limits, ...storage }],
    [system, limits],
  ] as const;
  const claims = accounts.map(([one, most]) => {
    const key = one.getPublicKey();
    return `${key}: ${jwt(key, 'account', operator, { type: 'account', limits: most })}`;
  });
  const broker = await start(
    'credentials.conf',
    `${tls(false)}operator: ${operatorJwt}\nsystem_account: ${system.getPublicKey()}\nresolver: MEMORY\nresolver_preload: { ${claims.join(', ')} }\n`,
  );
  t.after(() => broker.stop());
  const credentials = async (name: string, by: typeof account): Promise<string> => {
    const user = nkeys.createUser();
    const nats = { type: 'user', subs: -1, data: -1, payload: -1 };
    const parts = {
      JWT: jwt(user.getPublicKey(), name, by, nats),
      'NKEY SEED': new TextDecoder().decode(user.getSeed()),
    };
    const text = Object.entries(parts).map(([what, held]) => {
      const title = what === 'JWT' ? 'NATS USER JWT' : 'USER NKEY SEED';
      return `-----BEGIN ${title}-----\n${held}\n------END ${title}------\n`;
    });
    await writeFile(at(`${name}.creds`), text.join('\n'));
    return at(`${name}.creds`);
  };
  const url = broker.url.replace('nats://', 'tls://');
  const address = { url, ca: at('ca.pem'), credentials: await credentials('desk', account) };
  const { voiceDir, desk, worker } = await farm(t);
  worker(undefined, {}, [], { ...address, credentials: await credentials('render', account) });
  const server = desk(undefined, address);
  await served(server, voiceDir);
  assert.equal((await make(server, order(voiceDir, 1))).maker?.worker, 'render-1');
  assert.match(await refusal({ url, ca: at('ca.pem') }), /authorization/i);
  assert.match(await refusal({ ...address, credentials: await credentials('stranger', other) }), /authorization/i);
});

/** A claim of NATS, signed: what `nsc` writes. */
function jwt(subject: string, name: string, by: nkeys.KeyPair, nats: object): string {
  const coded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claim = {
    jti: `${name}-${subject}`,
    iat: Math.floor(Date.now() / 1000),
    iss: by.getPublicKey(),
    name,
    sub: subject,
  };
  const text = `${coded({ typ: 'JWT', alg: 'ed25519-nkey' })}.${coded({ ...claim, nats: { version: 2, ...nats } })}`;
  return `${text}.${Buffer.from(by.sign(Buffer.from(text))).toString('base64url')}`;
}
