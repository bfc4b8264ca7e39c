import assert from 'node:assert/strict';
import { chmod, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { temporary } from '../../test/support/server.ts';
import { newSecret, readLocalServer, writeLocalServer } from './local-secret.ts';

const machine = () => ({
  http: 'http://127.0.0.1:9247',
  ws: 'ws://127.0.0.1:9247/ws',
  secret: newSecret(),
  certificate: null,
});

test('the record is its owner’s alone, and gone with the server', async (t) => {
  const data = await temporary(t);
  const left = machine();
  const leave = await writeLocalServer(data, left);
  assert.deepEqual(await readLocalServer(data), left);
  if (process.platform !== 'win32') assert.equal((await stat(path.join(data, 'machine.json'))).mode & 0o777, 0o600);
  await leave();
  assert.equal(await readLocalServer(data), null);
});

test('a server that goes leaves the record of another one on the same folder', async (t) => {
  const data = await temporary(t);
  const leave = await writeLocalServer(data, machine());
  const other = machine();
  await writeLocalServer(data, other);
  await leave();
  assert.deepEqual(await readLocalServer(data), other);
});

test('what others could read, and what is no record, is not believed', {
  skip: process.platform === 'win32' ? 'no modes there' : false,
}, async (t) => {
  const data = await temporary(t);
  await writeLocalServer(data, machine());
  await chmod(path.join(data, 'machine.json'), 0o644);
  assert.equal(await readLocalServer(data), null);
  for (const text of ['', '{', '{"http":"http://127.0.0.1"}', `{"http":"x","ws":"y","secret":"${'z'.repeat(40)}"}`]) {
    await writeFile(path.join(data, 'machine.json'), text);
    await chmod(path.join(data, 'machine.json'), 0o600);
    assert.equal(await readLocalServer(data), null);
  }
});
