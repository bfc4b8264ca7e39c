/** The table of roles in PROTOCOL.md, field by field against a server: a command that is declared is in it and in here. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { roleRows, type Way, ways } from '../../../protocol/docs/roles.ts';
import { commandOf, jsonCodec, msgpackCodec, type Role } from '../../../protocol/index.ts';
import type { MidiSystem } from '../../midi/system.ts';
import { codeOf } from '../support/client.ts';
import { connectOsc } from '../support/osc-client.ts';
import { newServer } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

const tokens = { play: 'everyone-secret', admin: 'admins-secret' } as const;
/** No command takes it: whoever may send a command is told so, and nothing happens. */
const misfit = { 'no such argument': 1 };
type Row = ReturnType<typeof roleRows>[number];
type Ask = (row: Row) => Promise<string>;

const config = { token: tokens.play, adminToken: tokens.admin };

async function asks(t: TestContext, role: Role): Promise<Record<Exclude<Way, 'osc' | 'midi'>, Ask[]>> {
  const { app } = await newServer(t, { config });
  const headers = { authorization: `Bearer ${tokens[role]}` };
  const sockets = await Promise.all([jsonCodec, msgpackCodec].map((codec) => connectWs(app, codec, { headers })));
  t.after(() => Promise.all(sockets.map((client) => client.close())));
  const inside = app.connect(role);
  return {
    memory: [({ cmd }) => inside.call(cmd, misfit).then(String, (error: Error & { code: string }) => error.code)],
    ws: sockets.map(
      (client) =>
        async ({ cmd }: Row) =>
          codeOf(await client.ask(cmd, misfit).end),
    ),
    http: [
      async ({ cmd }) => {
        const body = JSON.stringify(misfit);
        const answer = await fetch(`${app.urls.http}/v1/${cmd}`, { method: 'POST', headers, body });
        const { data } = (await answer.json()) as { data: { code: string } };
        return data.code;
      },
    ],
  };
}

const expected = (may: Role | null, role: Role): string => {
  if (may === null) return 'unknown_command';
  return may === 'admin' && role === 'play' ? 'forbidden' : 'bad_args';
};

for (const role of ['play', 'admin'] as const) {
  test(`${role}: over memory, WebSocket and HTTP each command is let in or refused as the table says`, async (t) => {
    const by = await asks(t, role);
    for (const row of roleRows()) {
      for (const [way, all] of Object.entries(by)) {
        for (const ask of all) assert.equal(await ask(row), expected(row.may[way as Way], role), `${row.cmd} ${way}`);
      }
    }
  });

  test(`${role}: over OSC each message is let in or refused as the table says`, async (t) => {
    const { app } = await newServer(t, { config: { oscRole: role, output: 'none' }, engine: { samples: 64 } });
    for (const { cmd, may } of roleRows()) {
      const form = commandOf(cmd).osc;
      assert.equal(form === null, may.osc === null);
      if (form === null) continue;
      const client = await connectOsc(app);
      client.send(form.address, ...form.example);
      // What is refused is refused before anything later is handled.
      client.send('/foley/ping', 'after it');
      await client.message(({ address, args }) => address === '/foley/pong' && args[0] === 'after it');
      const codes = client.heard.filter(({ address }) => address === '/foley/failed').map(({ args }) => args[1]);
      assert.equal(codes.includes('forbidden'), may.osc === 'admin' && role === 'play', `${cmd} ${codes}`);
      assert.ok(!codes.includes('unknown_command') && !codes.includes('malformed'), `${cmd} ${codes}`);
      await client.close();
    }
  });
}

test('without a token, where one is asked for, no command is let in over WebSocket and HTTP', async (t) => {
  const { app } = await newServer(t, { config });
  await assert.rejects(connectWs(app), /401/);
  await assert.rejects(connectWs(app, jsonCodec, { headers: { authorization: 'Bearer nearly' } }), /401/);
  for (const { cmd } of roleRows()) {
    const answer = await fetch(`${app.urls.http}/v1/${cmd}`, { method: 'POST', body: JSON.stringify(misfit) });
    assert.equal(answer.status, 401, cmd);
  }
});

test('MIDI that spells every command asks for none', async (t) => {
  const heard: ((seconds: number, bytes: Iterable<number>) => void)[] = [];
  const midi: MidiSystem = {
    inputs: () => ['keys'],
    open(_, on) {
      heard.push(on);
      return { close: () => undefined };
    },
    virtual: () => null,
    close: () => undefined,
  };
  const server = await newServer(t, { midi, config: { midi: 'all' } });
  while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const active = async () => (await server.app.connect().call('voice.list')).voices;
  const before = await active();
  for (const { cmd, may } of roleRows()) {
    assert.equal(may.midi, null);
    const text = Buffer.from(JSON.stringify({ id: '1', cmd, args: commandOf(cmd).example.args }), 'latin1');
    heard[0]!(0, [0xf0, ...text.map((byte) => byte & 0x7f), 0xf7]);
  }
  for (let status = 0x80; status < 0x100; status++) heard[0]!(0, [status, status & 0x7f, 100]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await active(), before);
  assert.deepEqual(server.engine.begun, []);
  assert.ok(!existsSync(path.join(server.data, 'admin.jsonl')));
  assert.equal(ways.midi.has(), false);
});
