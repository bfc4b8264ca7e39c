/** What whoever sets up a farm is told where its broker cannot be used. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { BrokerLink } from './link.ts';
import { skip, TestBroker } from './test/broker.ts';

async function problemOf(url: string): Promise<string> {
  let tell = (_message: string): void => undefined;
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const link = new BrokerLink({ address: { url }, name: 'refused', log: (_level, message) => tell(message) });
  const message = await told;
  await link.close();
  return message;
}

test('a broker without JetStream, of another password, or that is not there: the message says what to do', {
  skip,
}, async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-conf-'));
  const file = path.join(dir, 'nats.conf');
  await writeFile(file, 'authorization { user: server, password: right }\n');
  const broker = await TestBroker.start(['--config', file]);
  t.after(async () => {
    await broker.stop();
    await rm(dir, { recursive: true });
  });
  const as = (password: string): string => broker.url.replace('//', `//server:${password}@`);
  assert.match(
    await problemOf(as('right')),
    /cannot be used: jetstream is not enabled; start nats-server with --jetstream/,
  );
  assert.match(await problemOf(as('wrong')), /authorization violation; check the user and password in --farm/i);
  await broker.kill();
  assert.match(await problemOf(as('right')), /refused; check that nats-server runs there/i);
});
