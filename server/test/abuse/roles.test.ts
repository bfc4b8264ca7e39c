import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { type Command, defineCommand, jsonCodec } from '../../../protocol/index.ts';
import { codeOf } from '../support/client.ts';
import { connectHttp } from '../support/http-client.ts';
import { connectOsc } from '../support/osc-client.ts';
import { newServer } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

/** A command for admins whose success is sure; those of the protocol are in the contract suite. */
const command = defineCommand({
  name: 'test.admin',
  role: 'admin',
  doc: 'a test.',
  args: z.strictObject({}),
  events: { done: z.object({}) },
  http: true,
  example: { args: {}, events: { done: {} } },
}) as unknown as Command;
const extra = [{ command, handler: () => ({}) }];

test('everyone on this machine may play without a token, and nobody is an admin', async (t) => {
  const server = await newServer(t, { extra });
  const clients = [await connectWs(server.app), connectHttp(server.app), await connectOsc(server.app)];
  t.after(() => Promise.all(clients.map((client) => client.close())));
  for (const client of clients) {
    assert.equal((await client.ask('server.ping', { payload: 'x' }).end).event, 'done');
    assert.ok(['forbidden', 'unknown_command'].includes(codeOf(await client.ask('test.admin').end)));
  }
});

test('the admin token opens what is for admins, the token of everyone does not', async (t) => {
  const server = await newServer(t, { extra, config: { token: 'everyone-secret', adminToken: 'admin-secret' } });
  const as = async (token: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    const client = await connectWs(server.app, jsonCodec, { headers });
    const { event, data } = await client.ask('test.admin').end;
    assert.equal((await client.ask('server.ping').end).event, 'done');
    await client.close();
    const post = await fetch(`${server.app.urls.http}/v1/test.admin`, { method: 'POST', body: '{}', headers });
    assert.equal(post.status, event === 'done' ? 200 : 403);
    return String(data.code ?? event);
  };
  assert.equal(await as('everyone-secret'), 'forbidden');
  assert.equal(await as('admin-secret'), 'done');
});

test("a client in the server's own process has the role it was given", async (t) => {
  const server = await newServer(t, { extra });
  await assert.rejects(server.app.connect().call('test.admin'), { code: 'forbidden' });
  assert.deepEqual(await server.app.connect('admin').call('test.admin'), {});
});
